import { Construct } from "constructs";
import { DEFAULT_ACCESS_DIRECTORY } from "./access/default-directory";
import { CLUSTER, EtcdClusterProps } from "./etcd-cluster-props";
import { hostClaim, IEtcdHost } from "./etcd-host";
import { requireHost } from "./host-checks";
import { claim } from "./terraform/claims";
import { read, requireDirectory, requireDistinct, requireDnsLabel, required, shown } from "./validation";
import { ValidationError } from "./validation-error";

/** etcd's guide advises at most seven members, as each further one only slows writes; above nine is refused. */
const MAXIMUM_MEMBERS = 9;

/**
 * @throws ValidationError if anything is of another kind than it must be; if the cluster can't have that id, those hosts,
 * or that directory
 */
export function requireCluster(id: string, props: EtcdClusterProps): void {
  requireClusterId(id);
  read("", props, required(CLUSTER));
  if (props.outputPrefix !== undefined) requireDnsLabel("outputPrefix", props.outputPrefix);
  requireHosts(props.hosts);
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
          ? "give some: see docs/hosts.md for the kinds of machines"
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
      mend: "give each cluster hosts of its own; they may share a group",
    }));
  }
}
