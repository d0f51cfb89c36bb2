import { File } from "@cdktf/provider-local/lib/file";
import { type App, DataTerraformRemoteStateLocal, propertyAccess, type TerraformStack, Token } from "cdktf";
import { DigitalOceanHost, EtcdCluster } from "../../lib";
import { labRelease, labStack } from "./cluster-stack";

/** Stacks with a cluster each. */
export const WITH_CLUSTER = ["one", "two"];
/** A stack of the same app that uses the first cluster. */
export const CONSUMER = "consumer";
/** One that knows of the second cluster by its state alone, as another app would. */
export const STRANGER = "stranger";

type Environment = Readonly<Record<string, string>>;

function smallCluster(stack: TerraformStack, env: Environment): EtcdCluster {
  const hosts = DigitalOceanHost.inRegions(stack, ["lon1"], {
    sshFrom: [env.ETCD_SSH_FROM],
    clientsFrom: [env.ETCD_CLIENTS_FROM],
    namePrefix: stack.node.id,
  });
  return new EtcdCluster(stack, "etcd", { ...labRelease(env), hosts });
}

/**
 * Two clusters of the same id, in a stack each, whose clients have the same names; and two stacks that use one of them.
 * Nothing says where files go.
 *
 * @param env as Lab.environment returns it
 */
export function declareTwoStacks(app: App, env: Environment): void {
  const [one, two] = WITH_CLUSTER.map((name) => smallCluster(labStack(app, name, env), env));
  for (const cluster of [one, two]) cluster.addClient("operator");

  const reader = one.addClient("reader", { from: "nyc3" });
  const consumer = labStack(app, CONSUMER, env);
  EtcdCluster.fromAttributes(consumer, "etcd", {
    endpoints: reader.access.endpoints,
    caCertificatePem: one.caCertificatePem,
  }).writeClientFiles({
    clientName: reader.clientName,
    certificatePem: reader.certificatePem,
    privateKeyPem: reader.privateKeyPem,
    timeLimits: reader.access,
  });
  new File(consumer, "rules", {
    filename: `${env.ETCD_STATE_DIRECTORY}/rules.yaml`,
    content: one.alertRules({ job: "one" }),
    dependsOn: [one.ready],
  });

  const stranger = labStack(app, STRANGER, env);
  const state = new DataTerraformRemoteStateLocal(stranger, "two", {
    path: `${env.ETCD_STATE_DIRECTORY}/terraform.two.tfstate`,
  });
  EtcdCluster.fromAttributes(stranger, "etcd", {
    endpoints: state.getList("etcd_client_operator_endpoints"),
    caCertificatePem: state.getString("etcd_ca_certificate"),
  }).writeClientFiles({
    clientName: "operator",
    certificatePem: state.getString("etcd_client_operator_certificate"),
    privateKeyPem: state.getString("etcd_client_operator_key"),
    timeLimits: {
      dialTimeoutMs: Token.asNumber(propertyAccess(state.get("etcd_client_operator_settings"), ["dial_timeout_ms"])),
    },
  });
}
