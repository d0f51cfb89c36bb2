import { IEtcdHost } from "./etcd-host";
import { ValidationError } from "./validation-error";

/** Which addresses members dial each other at. */
export enum PeerNetwork {
  /** Public addresses: works between any regions. */
  PUBLIC = "public",
  /** Private addresses: one private network, such as a VPC, or several that reach each other. */
  PRIVATE = "private",
}

/** Which addresses clients reach members at. */
export enum ClientNetwork {
  /** Public addresses. */
  PUBLIC = "public",
  /** Private addresses: clients are in the members' private network, or in one that reaches it. */
  PRIVATE = "private",
}

/** The networks of a cluster, as they were chosen. */
export interface ChosenNetworks {
  readonly peerNetwork?: PeerNetwork;
  readonly clientNetwork?: ClientNetwork;
}

/** The networks in use. */
export interface Networks {
  readonly peers: PeerNetwork;
  readonly clients: ClientNetwork;
}

/**
 * The networks in use: without a word the public one, if every host has an address there, else the private one.
 *
 * @throws ValidationError if not every host has an address in a network, or private networks are known not to reach each other
 */
export function resolveNetworks(hosts: readonly IEtcdHost[], chosen: ChosenNetworks): Networks {
  const isPublic = hosts.every((host) => host.publicAddress !== undefined);
  const networks = {
    peers: chosen.peerNetwork ?? (isPublic ? PeerNetwork.PUBLIC : PeerNetwork.PRIVATE),
    clients: chosen.clientNetwork ?? (isPublic ? ClientNetwork.PUBLIC : ClientNetwork.PRIVATE),
  };
  // Members ask each other as clients, too.
  requireNetwork("peerNetwork", "PeerNetwork", networks.peers, hosts);
  requireNetwork("clientNetwork", "ClientNetwork", networks.clients, hosts);
  return networks;
}

/** A host's address in a network in which it was found to have one. */
export function addressIn(network: PeerNetwork | ClientNetwork, host: IEtcdHost): string {
  return (isPrivate(network) ? host.privateAddress : host.publicAddress) ?? "";
}

function isPrivate(network: PeerNetwork | ClientNetwork): boolean {
  return network === PeerNetwork.PRIVATE || network === ClientNetwork.PRIVATE;
}

function requireNetwork(what: string, type: string, network: PeerNetwork | ClientNetwork, hosts: readonly IEtcdHost[]) {
  const [name, other] = isPrivate(network) ? ["PRIVATE", "public"] : ["PUBLIC", "private"];
  const without = hosts.find((host) => addressIn(network, host) === "");
  if (without !== undefined) {
    throw new ValidationError({
      what,
      given: `${name}, but ${without.hostName} has no ${network} address`,
      expected: `a ${network} address on every host: members that have no network in common can't be a cluster`,
      mend: isPrivate(network)
        ? `put the hosts into private networks that reach each other, such as peered VPCs, or use ${type}.PUBLIC`
        : `give each host a public address, or have all of them in private networks that reach each other, and use ${type}.PRIVATE (addresses that are ${other} to one of them do not do)`,
    });
  }
  if (isPrivate(network)) requireOneNetwork(what, type, hosts);
}

/** A network that is known reaches no other one. What is not known may be peered with it, as the user says. */
function requireOneNetwork(what: string, type: string, hosts: readonly IEtcdHost[]): void {
  const named = hosts.find((host) => host.privateNetwork !== undefined);
  const other = hosts.find((host) => host.privateNetwork !== named?.privateNetwork);
  if (named === undefined || other === undefined) return;
  throw new ValidationError({
    what,
    given: `PRIVATE, but ${named.hostName} is in ${String(named.privateNetwork)}, and ${other.hostName} in ${other.privateNetwork ?? "another one"}`,
    expected: "private networks that reach each other",
    mend: `give each host one that reaches all the others' (privateNetwork; or a VPC that is peered with theirs: vpcIds, or vpcId), or use ${type}.PUBLIC`,
  });
}
