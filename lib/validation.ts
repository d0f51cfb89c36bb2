import { isIP } from "node:net";
import { Token } from "cdktf";
import { ValidationError } from "./validation-error";

/** Throws unless `value` is a DNS label (RFC 1123): it becomes host name, member name and part of certificates. */
export function requireDnsLabel(what: string, value: string): void {
  if (Token.isUnresolved(value)) return;
  if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(value)) {
    throw new ValidationError({
      what,
      given: JSON.stringify(value),
      expected: "a DNS label: 1 to 63 lower-case letters, digits and inner hyphens",
      mend: 'rename it, for example "etcd-lon1"',
    });
  }
}

/** Throws unless `value` is an IPv4 or IPv6 network in CIDR form whose host bits are zero. */
export function requireCidr(what: string, value: string): void {
  if (Token.isUnresolved(value)) return;
  const problem = cidrProblem(value);
  if (problem !== undefined) {
    throw new ValidationError({
      what,
      given: JSON.stringify(value),
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
  if (family === 0) return `"${address}" is no IP address`;
  if (prefix === undefined) return `add the prefix length: ${value}/${family === 4 ? 32 : 128} for this address alone`;
  const bits = family === 4 ? 32 : 128;
  if (!/^\d{1,3}$/.test(prefix) || Number(prefix) > bits) {
    return `the prefix length must be 0 to ${bits}`;
  }
  if (family === 4 && hostBits(address, Number(prefix)) !== 0) {
    return `address bits lie beyond the prefix; write ${network(address, Number(prefix))}/${prefix}`;
  }
  return undefined;
}

function toNumber(address: string): number {
  return address.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0);
}

function hostBits(address: string, prefix: number): number {
  return toNumber(address) % 2 ** (32 - prefix);
}

function network(address: string, prefix: number): string {
  const base = toNumber(address) - hostBits(address, prefix);
  return [24, 16, 8, 0].map((shift) => Math.floor(base / 2 ** shift) % 256).join(".");
}

/** Whether a CIDR admits the whole Internet. */
export function isWorld(cidr: string): boolean {
  return cidr.endsWith("/0");
}

/** Throws unless `value` is a whole number from `minimum` to `maximum`, both included. */
export function requireInteger(what: string, value: number, minimum: number, maximum: number, unit: string): void {
  if (Token.isUnresolved(value)) return;
  if (!Number.isInteger(value) || value < minimum || value > maximum) {
    throw new ValidationError({
      what,
      given: `${value} ${unit}`.trim(),
      expected: `a whole number from ${minimum} to ${maximum} ${unit}`.trim(),
      mend: "choose a value in that range, or leave it out for the default",
    });
  }
}

/** Throws if a value stands twice in `values`. */
export function requireDistinct(what: string, values: readonly string[], mend: string): void {
  const seen = new Set<string>();
  for (const value of values) {
    if (seen.has(value)) {
      throw new ValidationError({ what, given: `${JSON.stringify(value)} twice`, expected: "each only once", mend });
    }
    seen.add(value);
  }
}
