import { isIP } from "node:net";

import type { Body } from "./body";
import { invalid } from "./errors";
import type { FirewallPeers, FirewallRule, State } from "./model";
import { existingTags } from "./tagging";

export type Direction = "inbound" | "outbound";

const PEERS: Readonly<Record<Direction, string>> = { inbound: "sources", outbound: "destinations" };
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export function readRules(state: State, body: Body, direction: Direction): FirewallRule[] {
  return body.objects(`${direction}_rules`).map((rule) => {
    const protocol = rule.oneOf("protocol", ["tcp", "udp", "icmp"]);
    if (rule.has("action")) rule.oneOf("action", ["allow"]);
    return {
      protocol,
      ports: readPorts(rule, protocol),
      peers: readPeers(state, rule.object(PEERS[direction])),
    };
  });
}

/** `ports` is answered as it was given, except "all", which DigitalOcean answers as "0". */
export function renderRule(rule: FirewallRule, direction: Direction): Record<string, unknown> {
  return { protocol: rule.protocol, ports: rule.ports, [PEERS[direction]]: rule.peers };
}

function readPorts(rule: Body, protocol: string): string {
  const expected = 'a port ("22"), a range ("8000-9000") or "all"';
  const given = rule.optionalString("ports", isPorts, expected);
  if (protocol === "icmp") {
    if (given !== undefined && !["", "0", "all"].includes(given)) {
      throw invalid(rule.name("ports"), given, "no ports: icmp has none");
    }
    return "0";
  }
  if (given === undefined || given === "") throw invalid(rule.name("ports"), given, expected);
  return given === "all" ? "0" : given;
}

function isPorts(text: string): boolean {
  if (text === "all" || text === "0") return true;
  if (!/^\d{1,5}(-\d{1,5})?$/.test(text)) return false;
  const [from = 0, to = from] = text.split("-").map(Number);
  return from >= 1 && from <= to && to <= 65535;
}

function readPeers(state: State, given: Body): FirewallPeers {
  const peers: FirewallPeers = {};
  const addresses = given.strings("addresses");
  addresses.forEach((address, index) => {
    if (!isAddress(address)) {
      throw invalid(given.name(`addresses[${index}]`), address, "an IPv4 or IPv6 address or CIDR");
    }
  });
  // Kept as written: the provider compares addresses as text.
  if (addresses.length > 0) peers.addresses = addresses;
  const tags = existingTags(state, given.name("tags"), given.strings("tags"));
  if (tags.length > 0) peers.tags = tags;
  const dropletIds = existingDroplets(state, given, "droplet_ids");
  if (dropletIds.length > 0) peers.droplet_ids = dropletIds;
  for (const kind of ["load_balancer_uids", "kubernetes_ids"] as const) {
    const ids = given.strings(kind);
    ids.forEach((id, index) => {
      if (!UUID.test(id)) throw invalid(given.name(`${kind}[${index}]`), id, "a UUID");
    });
    if (ids.length > 0) peers[kind] = ids;
  }
  if (Object.keys(peers).length === 0) {
    throw invalid(
      given.name("addresses"),
      undefined,
      "at least one address, tag or droplet: an empty rule lets nothing through",
    );
  }
  return peers;
}

export function existingDroplets(state: State, body: Body, field: string): number[] {
  const ids = [...new Set(body.integers(field))];
  for (const id of ids) {
    if (!state.droplets.some((droplet) => droplet.id === id && !droplet.destroying)) {
      throw invalid(body.name(field), id, "ids of droplets that exist");
    }
  }
  return ids;
}

function isAddress(text: string): boolean {
  const [address = "", prefix = "0", ...rest] = text.split("/");
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  return /^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128);
}
