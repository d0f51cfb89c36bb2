import type { EtcdMember } from "../etcd-member";

/** How to log in to a member's machine, pinned to its host key: for `cdktf-etcd measure --ssh`, and for an operator. */
export function machineAccess({ host, peerUrl }: EtcdMember): Record<string, unknown> {
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
