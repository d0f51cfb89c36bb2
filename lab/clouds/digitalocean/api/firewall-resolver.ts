import type { ResolvedFirewall, ResolvedRule } from "../../../machines/machine-driver";
import type { Droplet, Firewall, FirewallPeers, FirewallRule, State } from "./model";

/** Whether a firewall applies to a droplet, by its id or by one of its tags. */
export function covers(firewall: Firewall, droplet: Droplet): boolean {
  return firewall.dropletIds.includes(droplet.id) || droplet.tags.some((tag) => firewall.tags.includes(tag));
}

/**
 * What the packet filter in front of one droplet allows: the union of its firewalls, with tags and droplet ids
 * replaced by addresses. Undefined if no firewall covers the droplet: everything passes.
 */
export function resolveFirewall(state: State, droplet: Droplet): ResolvedFirewall | undefined {
  const firewalls = state.firewalls.filter((firewall) => covers(firewall, droplet));
  if (firewalls.length === 0) return undefined;
  return {
    inbound: firewalls.flatMap((firewall) => resolveRules(state, firewall.inbound)),
    outbound: firewalls.flatMap((firewall) => resolveRules(state, firewall.outbound)),
  };
}

function resolveRules(state: State, rules: readonly FirewallRule[]): ResolvedRule[] {
  return (
    rules
      .map((rule) => {
        const ports = resolvePorts(rule.ports);
        return {
          protocol: rule.protocol,
          ...(rule.protocol !== "icmp" && ports ? { ports } : {}),
          addresses: resolvePeers(state, rule.peers),
        };
      })
      // A rule for a tag that no droplet has must allow nobody; without addresses the driver might allow everybody.
      .filter((rule) => rule.addresses.length > 0)
  );
}

function resolvePorts(ports: string): { from: number; to: number } | undefined {
  if (ports === "0") return undefined;
  const [from = 0, to = from] = ports.split("-").map(Number);
  return { from, to };
}

function resolvePeers(state: State, peers: FirewallPeers): string[] {
  const members = state.droplets.filter(
    (droplet) =>
      !droplet.destroying &&
      (peers.droplet_ids?.includes(droplet.id) === true || droplet.tags.some((tag) => peers.tags?.includes(tag))),
  );
  return [...new Set([...(peers.addresses ?? []), ...members.flatMap(addressesOf)])];
}

function addressesOf(droplet: Droplet): string[] {
  return [droplet.publicIpv4, droplet.privateIpv4, ...(droplet.publicIpv6 === undefined ? [] : [droplet.publicIpv6])];
}
