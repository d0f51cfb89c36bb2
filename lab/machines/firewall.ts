import { isIP } from "node:net";
import type { ResolvedFirewall, ResolvedRule } from "./machine-driver";

/** The edge's device towards the WAN: packets that arrive on it are for the machine. */
export const WAN_DEVICE = "wan0";

const TABLE = "inet cloudfirewall";

/**
 * The packet filter of a machine's edge as one nft script, which the kernel applies as a whole or not at all. Connections
 * are tracked even without a firewall, so that those which are open when one is attached stay open, as at DigitalOcean.
 */
export function renderFirewall(firewall: ResolvedFirewall | undefined): string {
  const chains = firewall
    ? [chain("inbound", firewall.inbound, "saddr"), chain("outbound", firewall.outbound, "daddr")]
    : [];
  const body = firewall
    ? ["ct state invalid drop", `iifname "${WAN_DEVICE}" goto inbound`, `oifname "${WAN_DEVICE}" goto outbound`]
    : [];
  return [
    // Older releases of nft have no "delete if exists", so the table is declared first.
    `table ${TABLE}`,
    `delete table ${TABLE}`,
    `table ${TABLE} {`,
    ...chains,
    "  chain forward {",
    `    type filter hook forward priority filter; policy ${firewall ? "drop" : "accept"};`,
    "    ct state established,related accept",
    ...body.map((line) => `    ${line}`),
    "  }",
    "}",
    "",
  ].join("\n");
}

function chain(name: string, rules: readonly ResolvedRule[], side: "saddr" | "daddr"): string {
  const lines = rules.flatMap((rule) => rule.addresses.flatMap((address) => render(rule, address, side)));
  return [`  chain ${name} {`, ...[...new Set(lines)].map((line) => `    ${line}`), "  }"].join("\n");
}

function render(rule: ResolvedRule, address: string, side: "saddr" | "daddr"): string {
  const { family, prefix, ip } = parse(address);
  const match = [prefix === 0 ? `meta nfproto ipv${family}` : `${family === 4 ? "ip" : "ip6"} ${side} ${ip}/${prefix}`];
  if (rule.protocol === "icmp") {
    match.push(`meta l4proto ${family === 4 ? "icmp" : "ipv6-icmp"}`);
  } else if (rule.ports) {
    match.push(`${rule.protocol} dport ${range(rule.ports)}`);
  } else {
    match.push(`meta l4proto ${rule.protocol}`);
  }
  return `${match.join(" ")} accept`;
}

function range({ from, to }: { readonly from: number; readonly to: number }): string {
  const valid = [from, to].every((port) => Number.isInteger(port) && port >= 0 && port <= 65535) && from <= to;
  if (!valid) {
    throw new Error(`firewall rule: ports ${from}-${to} are not a range within 0-65535`);
  }
  return from === to ? String(from) : `${from}-${to}`;
}

interface ParsedCidr {
  readonly family: 4 | 6;
  readonly prefix: number;
  readonly ip: string;
}

/** An IP address or CIDR, undefined if it is neither. */
export function parseCidr(address: string): ParsedCidr | undefined {
  const [, ip = "", , length] = /^([^/%]*)(\/(\d{1,3}))?$/.exec(address) ?? [];
  const family = isIP(ip);
  const bits = family === 4 ? 32 : 128;
  const prefix = length ? Number(length) : bits;
  return family !== 0 && prefix <= bits ? { family: family === 4 ? 4 : 6, prefix, ip } : undefined;
}

function parse(address: string): ParsedCidr {
  const parsed = parseCidr(address);
  if (parsed === undefined) {
    throw new Error(`firewall rule: "${address}" is neither an IP address nor a CIDR`);
  }
  return parsed;
}
