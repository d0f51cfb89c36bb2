import type { LabDroplet } from "terraform-lab";
import type { EtcdctlResult, LabCluster } from "../lab-cluster";

/** Environment of etcdctl with the files of a client, through these members; by default through any. */
export function environmentOf(
  cluster: LabCluster,
  client: string,
  machines: readonly LabDroplet[] = cluster.machines,
): Record<string, string> {
  const operators = Object.entries(cluster.environment(machines));
  return Object.fromEntries(operators.map(([name, value]) => [name, value.replace("/operator/", `/${client}/`)]));
}

/** Runs etcdctl as a client. */
export function as(
  cluster: LabCluster,
  client: string,
  args: readonly string[],
  machines?: readonly LabDroplet[],
): Promise<EtcdctlResult> {
  return cluster.etcdctl(args, environmentOf(cluster, client, machines));
}
