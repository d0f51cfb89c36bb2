import { isIP } from "node:net";
import { ValidationError } from "../validation-error";
import { shown } from "./shown";
import { isLate } from "./tokens";

/** Throws unless `value` is an IPv4 or IPv6 network in CIDR form whose host bits are zero. */
export function requireCidr(what: string, value: string): void {
  if (isLate(value)) return;
  const problem = cidrProblem(value);
  if (problem !== undefined) {
    throw new ValidationError({
      what,
      given: shown(value),
      expected: "a network in CIDR form, for example 198.51.100.7/32 or 2001:db8::/64",
      mend: problem,
    });
  }
}

function cidrProblem(value: string): string | undefined {
  const slash = value.indexOf("/");
  const address = slash < 0 ? value : value.slice(0, slash);
  const prefix = slash < 0 ? undefined : value.slice(slash + 1);
  const family = isIP(address);
  // A zone ("fe80::1%eth0") means something on one machine only.
  if (family === 0 || address.includes("%")) return `"${address}" is no IP address`;
  const bits = family === 4 ? 32 : 128;
  if (prefix === undefined) return `add the prefix length: ${value}/${bits} for this address alone`;
  if (!/^(0|[1-9]\d{0,2})$/.test(prefix) || Number(prefix) > bits) {
    return `the prefix length must be 0 to ${bits}`;
  }
  const given = family === 4 ? ipv4ToNumber(address) : ipv6ToNumber(address);
  const beyond = BigInt(bits - Number(prefix));
  const network = (given >> beyond) << beyond;
  if (network !== given) {
    const written = family === 4 ? numberToIpv4(network) : numberToIpv6(network);
    return `address bits lie beyond the prefix; write ${written}/${prefix}`;
  }
  return undefined;
}

function ipv4ToNumber(address: string): bigint {
  return address.split(".").reduce((sum, octet) => sum * 256n + BigInt(octet), 0n);
}

function numberToIpv4(address: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => (address >> shift) % 256n).join(".");
}

function ipv6ToNumber(address: string): bigint {
  const groups = (text: string): string[] => text.split(":").filter((group) => group !== "");
  const [head, tail = []] = canonicalIpv6(address).split("::").map(groups);
  const zeros = Array<string>(8 - head.length - tail.length).fill("0");
  return [...head, ...zeros, ...tail].reduce((sum, group) => sum * 65536n + BigInt(`0x${group}`), 0n);
}

function numberToIpv6(address: bigint): string {
  const groups = Array.from({ length: 8 }, (_, index) => (address >> BigInt(112 - 16 * index)) % 65536n);
  return canonicalIpv6(groups.map((group) => group.toString(16)).join(":"));
}

/** The shortest form, in hexadecimal throughout (RFC 5952, but for IPv4 at the end). */
function canonicalIpv6(address: string): string {
  return new URL(`http://[${address}]`).hostname.slice(1, -1);
}

/** Whether a well-formed network is one of IPv6. */
export function isIpv6Network(cidr: string): boolean {
  return cidr.includes(":");
}

/** Whether a text is an address of a machine as etcd here listens on it. */
export function isIpv4Address(value: string): boolean {
  return isIP(value) === 4;
}

/** A family's addresses, and how many of them are as good as the whole Internet. */
interface Family {
  readonly bits: number;
  readonly toNumber: (address: string) => bigint;
  readonly internet: bigint;
}

/** Half of all addresses. */
const IPV4: Family = { bits: 32, toNumber: ipv4ToNumber, internet: 1n << 31n };
/** Half of 2000::/3, which all public addresses are in. */
const IPV6: Family = { bits: 128, toNumber: ipv6ToNumber, internet: 1n << 124n };

/**
 * Whether well-formed networks admit, all of them together, at least half of the Internet's IPv4 or IPv6 addresses: a /0,
 * or what somebody writes in its place.
 */
export function admitsInternet(cidrs: readonly string[]): boolean {
  const [v6, v4] = [cidrs.filter(isIpv6Network), cidrs.filter((cidr) => !isIpv6Network(cidr))];
  return addressesIn(v4, IPV4) >= IPV4.internet || addressesIn(v6, IPV6) >= IPV6.internet;
}

/** How many addresses are in at least one of the networks. */
function addressesIn(cidrs: readonly string[], { bits, toNumber }: Family): bigint {
  const ranges = cidrs
    .map((cidr) => cidr.split("/"))
    .map(([address, prefix]) => ({ from: toNumber(address), size: 1n << BigInt(bits - Number(prefix)) }))
    .sort((a, b) => (a.from < b.from ? -1 : 1));
  let counted = 0n;
  let end = 0n;
  for (const { from, size } of ranges) {
    const next = from + size;
    if (next > end) counted += next - (from > end ? from : end);
    end = next > end ? next : end;
  }
  return counted;
}
