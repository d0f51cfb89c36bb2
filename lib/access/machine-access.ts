import type { ClusterMember } from "./cluster-member";

/** How to log in to a member's machine, pinned to its host key: for `cdktf-etcd measure --ssh`, and for an operator. */
export function machineAccess({ host, peerUrl }: ClusterMember): Record<string, unknown> {
  const { connection } = host;
  return {
    host: connection.host,
    port: connection.port ?? 22,
    user: connection.user,
    host_key: connection.hostKey,
    private_key: connection.privateKey,
    peer_url: peerUrl,
  };
}
