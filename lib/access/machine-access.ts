import { bareHostKeys } from "../ssh/host-keys";
import type { SshBastion, SshConnection } from "../ssh-connection";
import type { ClusterMember } from "./cluster-member";

/** How to log in to a member's machine, pinned to its host keys: for the command line, and for an operator. */
export function machineAccess({ host, peerUrl }: ClusterMember): Record<string, unknown> {
  const { bastion } = host.connection;
  return {
    ...loginTo(host.connection),
    ...(bastion === undefined ? {} : { bastion: loginTo(bastion) }),
    peer_url: peerUrl,
  };
}

function loginTo(machine: SshConnection | SshBastion): Record<string, unknown> {
  const { host, port = 22, user, privateKey, privateKeyFile, agent = false } = machine;
  const keys = bareHostKeys(machine.hostKeys);
  return {
    host,
    port,
    user,
    host_key: keys.at(0) ?? "",
    ...(keys.length > 1 ? { host_keys: keys } : {}),
    ...(privateKey === undefined ? {} : { private_key: privateKey }),
    ...(privateKeyFile === undefined ? {} : { private_key_file: privateKeyFile }),
    ...(agent ? { agent } : {}),
  };
}
