import { basename } from "node:path";
import { Fn, TerraformLocal } from "cdktf";
import { Construct } from "constructs";
import { EtcdVersion } from "../etcd-version";
import { BootDownload } from "../hosts/host";
import { LeaderPlacement } from "../wan/leader-placement";
import { MemberPaths } from "../wan/member-paths";
import { NodeFiles, NodePart, script, SCRIPTS, secret, text, UNITS } from "./node-part";
import { Adoption } from "./adoption";
import { Templates } from "./templates";

/** Node scripts, in templates/ with ".sh" added. */
const COMMANDS = [
  "rollout/activate",
  "adoption/check-adoption",
  "rollout/check-change",
  "member/check-data",
  "rollout/check-log",
  "rollout/check-version",
  "rollout/converge",
  "boot/get-etcd",
  "boot/get-packages",
  "rollout/join",
  "rollout/lay-down",
  "member/mark-start",
  "rollout/migrate",
  "leader/place-leader",
  "rollout/prepare-founding",
  "member/publish-endpoint",
  "recovery/recover",
  "rollout/restart",
  "rollout/retire-predecessor",
  "streams/route-streams",
];

/**
 * Of a machine's memory, what etcd's heap may take before Go collects more often than it would by itself. On 2 GiB, 1 GiB of data
 * in values of 1 MiB needs more than half: docs/operations.md, What clients feel.
 */
const GO_HEAP_SHARE = 0.7;

/** What node scripts have in common: sourced, not called. */
const LIBRARIES = [
  "rollout/authorities.sh",
  "rollout/common.sh",
  "rollout/decide.sh",
  "leader/grpc.sh",
  "leader/leadership.sh",
  "rollout/liveness.sh",
];

/** Units that are the same on every node. */
const OWN_UNITS = [
  "rollout/etcd-join.service",
  "leader/etcd-leader.service",
  "leader/etcd-leader.timer",
  "streams/etcd-streams.service",
  "streams/etcd-streams.timer",
];

/** PEM texts of a member. */
export interface NodePem {
  readonly clientCa: string;
  readonly peerCa: string;
  readonly serverCertificate: string;
  readonly serverKey: string;
  readonly peerCertificate: string;
  readonly peerKey: string;
  readonly adminCertificate: string;
  readonly adminKey: string;
}

/** What the code declares of the cluster, as far as the node scripts have to know. */
export interface Declaration {
  /** Names of all members. */
  readonly members: readonly string[];
  readonly version: EtcdVersion;
  /** How often the cluster was founded. */
  readonly genesis: number;
  /** The member whose data it is founded from anew, if so. */
  readonly recoverFrom?: string;
  /** The backup that founders take their data from, empty for none. */
  readonly restore: string;
  /** The hand-made cluster that this one takes over, if any. */
  readonly adoption: Adoption;
}

/** All that differs between one node and another. */
export interface NodeBundleProps {
  readonly member: string;
  readonly declared: Declaration;
  /** etcd's environment variables. */
  readonly settings: Record<string, string>;
  readonly pem: NodePem;
  /** This member's client URL. */
  readonly endpoint: string;
  /** Every member's client URL, this one's first. */
  readonly endpoints: string[];
  /** The URLs that the other members are reached at as peers. */
  readonly peerUrls: string[];
  readonly dialTimeoutMs: number;
  readonly commandTimeoutMs: number;
  readonly paths: MemberPaths;
  /** Where leadership should be. */
  readonly leader: LeaderPlacement;
  /** What other features add. */
  readonly parts: readonly NodePart[];
  readonly download: BootDownload;
  /** The machine's memory, if known. */
  readonly memoryMiB?: number;
  /** How long the machine's first boot may take. */
  readonly bootTimeoutSeconds: number;
  /** From when the certificates are valid, RFC 3339. */
  readonly validFrom: string;
}

/**
 * Everything that is laid down on a node, and the hashes that tell whether it has to be done again. Kept in Terraform locals,
 * so that each file is rendered in one place however often it is referred to.
 */
export class NodeBundle extends Construct {
  /** Changes if and only if something of the bundle does (private keys change with their certificates). */
  public readonly digest: string;
  /** Changes if and only if a secret of the parts does; marked sensitive, as it could be guessed at. */
  public readonly secretsDigest: string;
  /** Both in one; what is staged on the node is told by it. Not marked sensitive, as it is in scripts. */
  public readonly stageDigest: string;
  /** Script that checks and stages all of it; holds keys. */
  public readonly stageScript: string;

  public constructor(scope: Construct, id: string, props: NodeBundleProps) {
    super(scope, id);
    const templates = Templates.of(this);
    const { pem } = props;
    const local = (name: string, value: unknown): TerraformLocal => new TerraformLocal(this, name, value);

    const { version } = props.declared.version;
    const unit = local(
      "unit",
      templates.render("member/etcd.service.tftpl", {
        name: props.member,
        version,
        streams_by: props.paths.streamsByCubic ? "cubic" : "default",
        go_heap_mib: Math.floor((props.memoryMiB ?? 0) * GO_HEAP_SHARE),
      }),
    );
    const env = local("env", templates.render("member/etcd.env.tftpl", { settings: props.settings }));
    // What running etcd has to be restarted for. CA files are read once, at start; leaves for each new connection.
    const restartDigest = Fn.sha256(Fn.join("\n", [unit.asString, env.asString, pem.clientCa, pem.peerCa]));
    const shown = local("files", {
      ...sharedFiles(templates),
      [`${UNITS}/etcd.service`]: text(unit.expression),
      "/etc/etcd/etcd.env": text(env.expression),
      "/etc/etcd/restart.sha256": text(restartDigest),
      "/etc/etcd/endpoints.env": text(
        templates.render("member/endpoints.env.tftpl", { endpoint: props.endpoint, endpoints: props.endpoints }),
      ),
      "/etc/etcd/peers": text(Fn.join("\n", [...props.peerUrls, ""])),
      "/etc/etcd/etcdctl.env": text(
        templates.render("member/etcdctl.env.tftpl", {
          dial_timeout_ms: props.dialTimeoutMs,
          command_timeout_ms: props.commandTimeoutMs,
        }),
      ),
      "/etc/etcd/declared.env": text(declaredEnv(templates, props)),
      "/etc/etcd/leader.env": text(leaderEnv(templates, props)),
      "/etc/etcd/timers": text(
        templates.render("node/timers.tftpl", {
          timers: {
            "etcd-leader.timer": props.leader.automatic,
            "etcd-streams.timer": props.paths.streamsByCubic,
            ...merged(props.parts.map((part) => part.timers)),
          },
        }),
      ),
      "/etc/sysctl.d/60-etcd-wan.conf": text(
        templates.render("streams/sysctl.conf.tftpl", {
          max_rtt_ms: props.paths.longestMs,
          buffer_bytes: props.paths.socketBufferBytes,
        }),
      ),
      "/etc/etcd/pki/client-ca.crt": text(pem.clientCa),
      "/etc/etcd/pki/peer-ca.crt": text(pem.peerCa),
      "/etc/etcd/pki/server.crt": text(pem.serverCertificate),
      "/etc/etcd/pki/peer.crt": text(pem.peerCertificate),
      "/etc/etcd/admin/admin.crt": text(pem.adminCertificate),
      ...merged(props.parts.map((part) => part.files)),
    });
    this.digest = Fn.sha256(Fn.jsonencode(shown.expression));
    // A local of their own: CDKTF resolves what stands inside a function's arguments twice per level of nesting.
    const keys = local("keys", {
      "/etc/etcd/pki/server.key": secret("etcd:etcd", pem.serverKey),
      "/etc/etcd/pki/peer.key": secret("etcd:etcd", pem.peerKey),
      "/etc/etcd/admin/admin.key": secret("root:root", pem.adminKey),
    });
    const secrets = local("secrets", merged(props.parts.map((part) => part.secrets)));
    this.secretsDigest = Fn.sensitive(Fn.sha256(Fn.jsonencode(secrets.expression))) as string;
    // A hash of hashes gives nothing away of a secret that is hard to guess; and the script is never shown.
    const both = [this.digest, Fn.nonsensitive(this.secretsDigest) as string];
    this.stageDigest = local("stage-digest", Fn.sha256(Fn.join("", both))).asString;
    this.stageScript = local(
      "stage",
      templates.render("node/stage.sh.tftpl", {
        member: props.member,
        boot_timeout_seconds: props.bootTimeoutSeconds,
        valid_from: props.validFrom,
        digest: this.stageDigest,
        files: Fn.merge([shown.expression, keys.expression, secrets.expression]),
        packages: [...new Set(props.parts.flatMap((part) => part.packages ?? []))],
        ...props.download,
      }),
    ).asString;
  }
}

/** Files that are the same on every node. */
function sharedFiles(templates: Templates): NodeFiles {
  return {
    ...Object.fromEntries(OWN_UNITS.map((unit) => [`${UNITS}/${basename(unit)}`, text(templates.file(unit))])),
    "/etc/profile.d/etcd.sh": text(templates.file("member/profile.sh")),
    ...Object.fromEntries(
      LIBRARIES.map((library) => [`${SCRIPTS}/${basename(library)}`, text(templates.file(library))]),
    ),
    ...Object.fromEntries(
      COMMANDS.map((command) => [`${SCRIPTS}/${basename(command)}`, script(templates.file(`${command}.sh`))]),
    ),
  };
}

function declaredEnv(templates: Templates, { member, declared }: NodeBundleProps): unknown {
  const { version } = declared;
  return templates.render("rollout/declared.env.tftpl", {
    member,
    members: declared.members,
    version: version.version,
    enters_from: version._entersFrom(),
    least_predecessor: version._leastBefore() ?? "",
    log_readable_since: version._readsLogSince() ?? "",
    genesis: declared.genesis,
    recover_from: declared.recoverFrom ?? "",
    restore: declared.restore,
    adopted_client_urls: declared.adoption.clientUrls,
    adopted_peer_urls: declared.adoption.peerUrls,
    retire_adopted: declared.adoption.retire,
  });
}

function leaderEnv(templates: Templates, { leader, member }: NodeBundleProps): unknown {
  return templates.render("leader/leader.env.tftpl", {
    order: leader.order,
    well_placed: leader.wellPlaced,
    better_placed: leader.betterThan(member).map((name) => ({
      name,
      longest_round_trip_ms: leader.longestRoundTripMs(member, name),
    })),
    settle_seconds: leader.settleSeconds,
    handover_pause_seconds: leader.handoverPauseSeconds,
  });
}

function merged<T>(records: readonly (Readonly<Record<string, T>> | undefined)[]): Record<string, T> {
  return Object.assign({}, ...records) as Record<string, T>;
}
