import { Fn, TerraformLocal } from "cdktf";
import { Construct } from "constructs";
import { commands, NodePart, secret, text, UNITS } from "../node/node-part";
import { literal } from "../terraform/literal";
import { Templates } from "../terraform/templates";
import { asItIs, environmentValue, unitText } from "../terraform/writers";

/**
 * Share of a machine's memory that etcd's heap may use before Go collects garbage more often (GOMEMLIMIT).
 * On 2 GiB, 1 GiB of data in values of 1 MiB needs more than half: docs/operations.md, What clients feel.
 */
const GO_HEAP_SHARE = 0.7;

/** PEM texts of a member. */
export interface MemberPem {
  readonly clientCa: string;
  readonly peerCa: string;
  readonly serverCertificate: string;
  readonly serverKey: string;
  readonly peerCertificate: string;
  readonly peerKey: string;
  readonly adminCertificate: string;
  readonly adminKey: string;
}

/** How etcd runs on one member. */
export interface EtcdPartProps {
  readonly member: string;
  /** etcd's version, for example "3.6.14". */
  readonly version: string;
  /** etcd's environment variables. */
  readonly settings: Record<string, string>;
  readonly pem: MemberPem;
  /** This member's client URL. */
  readonly endpoint: string;
  /** Every member's client URL, this one's first. */
  readonly endpoints: string[];
  /** Peer URLs of the other members. */
  readonly peerUrls: string[];
  readonly dialTimeoutMs: number;
  readonly commandTimeoutMs: number;
  /** Whether the streams to other members use cubic congestion control. */
  readonly streamsByCubic: boolean;
  /** The machine's memory, if known. */
  readonly memoryMiB?: number;
}

/**
 * The member's own etcd: its unit, its settings, its certificates and keys, and etcdctl's settings.
 *
 * @param scope where its Terraform locals are made
 */
export function etcdPart(scope: Construct, props: EtcdPartProps): NodePart {
  const templates = Templates.of(scope);
  const { pem } = props;
  // Locals, as the restart digest uses both again.
  const unit = new TerraformLocal(
    scope,
    "unit",
    templates.render("member/etcd.service.tftpl", {
      name: unitText(props.member),
      version: unitText(props.version),
      streams_by: asItIs(props.streamsByCubic ? "cubic" : "default"),
      go_heap_mib: Math.floor((props.memoryMiB ?? 0) * GO_HEAP_SHARE),
    }),
  );
  const settings = Object.entries(props.settings).map(([name, value]) => [name, environmentValue(value)] as const);
  const env = new TerraformLocal(
    scope,
    "env",
    templates.render("member/etcd.env.tftpl", { settings: Object.fromEntries(settings) }),
  );
  // What running etcd has to be restarted for. It reads CA files once, at its start; other certificates for each new connection.
  const restartDigest = Fn.sha256(Fn.join("\n", [unit.asString, env.asString, pem.clientCa, pem.peerCa]));
  return {
    files: {
      ...commands(templates, "member/check-data.sh", "member/mark-start.sh", "member/publish-endpoint.sh"),
      "/etc/profile.d/etcd.sh": text(templates.file("member/profile.sh")),
      [`${UNITS}/etcd.service`]: text(unit.expression),
      "/etc/etcd/etcd.env": text(env.expression),
      "/etc/etcd/restart.sha256": text(restartDigest),
      "/etc/etcd/endpoints.env": text(
        templates.render("member/endpoints.env.tftpl", {
          endpoint: environmentValue(props.endpoint),
          endpoints: environmentValue(props.endpoints.join(",")),
        }),
      ),
      "/etc/etcd/peers": text(Fn.join("\n", [...props.peerUrls.map(literal), ""])),
      "/etc/etcd/etcdctl.env": text(
        templates.render("member/etcdctl.env.tftpl", {
          dial_timeout_ms: props.dialTimeoutMs,
          command_timeout_ms: props.commandTimeoutMs,
        }),
      ),
      "/etc/etcd/pki/client-ca.crt": text(pem.clientCa),
      "/etc/etcd/pki/peer-ca.crt": text(pem.peerCa),
      "/etc/etcd/pki/server.crt": text(pem.serverCertificate),
      "/etc/etcd/pki/peer.crt": text(pem.peerCertificate),
      "/etc/etcd/admin/admin.crt": text(pem.adminCertificate),
    },
    keys: {
      "/etc/etcd/pki/server.key": secret("etcd:etcd", pem.serverKey),
      "/etc/etcd/pki/peer.key": secret("etcd:etcd", pem.peerKey),
      "/etc/etcd/admin/admin.key": secret("root:root", pem.adminKey),
    },
  };
}
