import { Construct } from "constructs";
import { DEFAULT_ACCESS_DIRECTORY } from "./access/stack-path";
import { CLUSTER, EtcdClusterProps } from "./etcd-cluster-props";
import { PeerNetwork } from "./etcd-member";
import { hostClaim, IEtcdHost } from "./etcd-host";
import { requireHost } from "./host-checks";
import { claim } from "./terraform/claims";
import { read, requireDirectory, requireDistinct, requireDnsLabel, required, shown } from "./validation";
import { ValidationError } from "./validation-error";

/** etcd's guide advises at most seven members, as each further one only slows writes; above nine is refused. */
const MAXIMUM_MEMBERS = 9;

/**
 * @throws ValidationError if anything is of another kind than it must be; if the cluster can't have that id, those hosts,
 * that network between them, or that directory
 */
export function requireCluster(id: string, props: EtcdClusterProps): void {
  requireClusterId(id);
  read("", props, required(CLUSTER));
  if (props.outputPrefix !== undefined) requireDnsLabel("outputPrefix", props.outputPrefix);
  requireHosts(props.hosts);
  requirePeerNetwork(props.peerNetwork ?? PeerNetwork.PUBLIC, props.hosts);
  requireDirectory("accessDirectory", props.accessDirectory ?? DEFAULT_ACCESS_DIRECTORY, DEFAULT_ACCESS_DIRECTORY);
}

/** Names of outputs begin with it, and may not begin with a digit in Terraform. */
function requireClusterId(id: string): void {
  requireDnsLabel("id of EtcdCluster", id);
  if (/^[a-z]/.test(id)) return;
  throw new ValidationError({
    what: "id of EtcdCluster",
    given: shown(id),
    expected: "a DNS label that begins with a letter: Terraform's outputs are named after it",
    mend: `put a letter in front of it, for example ${shown(`etcd-${id}`.slice(0, 63))}`,
  });
}

function requireHosts(hosts: readonly IEtcdHost[]): void {
  if (hosts.length < 1 || hosts.length > MAXIMUM_MEMBERS) {
    throw new ValidationError({
      what: "hosts",
      given: hosts.length === 0 ? "none" : String(hosts.length),
      expected: `1 to ${MAXIMUM_MEMBERS} hosts`,
      mend:
        hosts.length === 0
          ? 'give some, for example DigitalOceanHost.inRegions(this, ["lon1", "nyc3", "sgp1"], { ... })'
          : "take fewer: every write waits for a majority of them",
    });
  }
  hosts.forEach(requireHost);
  requireDistinct(
    "names of the hosts",
    hosts.map((host) => host.hostName),
    "give every host a name of its own: it is the member's name",
  );
}

/** @throws ValidationError if a host is another cluster's: one etcd alone fits on a machine */
export function requireUnusedHosts(cluster: Construct, hosts: readonly IEtcdHost[]): void {
  for (const host of hosts) {
    claim(host.node.root, hostClaim(host), cluster, (other) => ({
      what: `hosts of ${cluster.node.path}`,
      given: `${host.hostName}, on which ${other.node.path} runs`,
      expected: "machines of its own for each cluster: both would use the same ports and files",
      mend: "give each cluster hosts of its own; they may share a DigitalOceanHostGroup",
    }));
  }
}

/** Throws if members are to dial each other at addresses that not all of them have, or that do not reach each other. */
function requirePeerNetwork(network: PeerNetwork, hosts: readonly IEtcdHost[]): void {
  if (network === PeerNetwork.PUBLIC) return;
  const without = hosts.find((host) => host.privateAddress === undefined);
  if (without !== undefined) {
    throw new ValidationError({
      what: "peerNetwork",
      given: `PRIVATE, but ${without.hostName} has no private address`,
      expected: "a private address on every host",
      mend: "put the hosts into VPCs that reach each other, or use PeerNetwork.PUBLIC",
    });
  }
  requireOneNetwork(hosts);
}

/** A network that is known reaches no other one. What is not known may be peered with it, as the user says. */
function requireOneNetwork(hosts: readonly IEtcdHost[]): void {
  const named = hosts.find((host) => host.privateNetwork !== undefined);
  const other = hosts.find((host) => host.privateNetwork !== named?.privateNetwork);
  if (named === undefined || other === undefined) return;
  throw new ValidationError({
    what: "peerNetwork",
    given: `PRIVATE, but ${named.hostName} is in ${String(named.privateNetwork)}, and ${other.hostName} in ${other.privateNetwork ?? "another one"}`,
    expected: "private networks that reach each other",
    mend: "give each host a VPC that is peered with all the others' (vpcIds of DigitalOceanHost.inRegions, or vpcId), or use PeerNetwork.PUBLIC",
  });
}
