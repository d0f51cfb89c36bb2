import { existsSync } from "node:fs";
import * as path from "node:path";
import { LabPaths, run } from "terraform-lab";

/** The cluster's members and leader. */
export interface EtcdStatus {
  readonly leader: string | undefined;
  readonly members: readonly { readonly name: string; readonly endpoint: string; readonly learner: boolean }[];
}

/** Environment of etcdctl for the operator of the cluster in the lab; undefined if none is deployed. */
export function operatorEnvironment(paths: LabPaths, endpoints: readonly string[]): Record<string, string> | undefined {
  return clientEnvironment(paths, "operator", endpoints);
}

/** Environment of etcdctl for a client of the cluster in the lab; undefined if it has no files. */
export function clientEnvironment(
  paths: LabPaths,
  client: string,
  endpoints: readonly string[],
): Record<string, string> | undefined {
  const directory = path.join(paths.access, client);
  if (!existsSync(path.join(directory, "client.key")) || endpoints.length === 0) return undefined;
  return {
    ETCDCTL_ENDPOINTS: endpoints.join(","),
    ETCDCTL_CACERT: path.join(directory, "ca.crt"),
    ETCDCTL_CERT: path.join(directory, "client.crt"),
    ETCDCTL_KEY: path.join(directory, "client.key"),
    ETCDCTL_DIAL_TIMEOUT: "2s",
    ETCDCTL_COMMAND_TIMEOUT: "4s",
  };
}

/** Members and leader by any member that answers. */
export async function etcdStatus(etcdctl: string, env: Record<string, string>): Promise<EtcdStatus> {
  const list = await run([etcdctl, "member", "list"], { env });
  const members = list
    .trim()
    .split("\n")
    .map((line) => line.split(", "))
    .map(([id, , name, , endpoint, learner]) => ({ id, name, endpoint, learner: learner === "true" }));
  // One endpoint after the other: one that does not answer must not hide the others.
  for (const { endpoint } of members) {
    // By the variable, because etcdctl refuses a flag whose variable is set too.
    const asking = { ...env, ETCDCTL_ENDPOINTS: endpoint };
    const answer = await run([etcdctl, "endpoint", "status", "-w", "fields"], { env: asking }).catch(() => "");
    const leader = /^"Leader" : (\d+)$/m.exec(answer)?.[1];
    if (leader !== undefined) {
      const id = BigInt(leader).toString(16);
      return {
        leader: members.find((member) => member.id === id)?.name,
        members: members.map(({ name, endpoint: url, learner }) => ({ name, endpoint: url, learner })),
      };
    }
  }
  return { leader: undefined, members: [] };
}
