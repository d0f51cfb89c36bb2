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

/** Throws unless `value` is a DNS name as certificates have them: labels with dots, the first of which may be "*". */
export function requireDnsName(what: string, value: string): void {
  if (Token.isUnresolved(value)) return;
  const labels = value.replace(/^\*\./, "").split(".");
  const isName = labels.every((label) => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(label)) && value.length <= 253;
  if (isName && isIP(value) === 0) return;
  throw new ValidationError({
    what,
    given: JSON.stringify(value),
    expected: 'a DNS name: lower-case labels with dots between them, for example "etcd.example.com"',
    mend: isIP(value) === 0 ? "write the name alone, without scheme, port or final dot" : "leave addresses out",
  });
}

/** Which URLs are accepted, and what the error names. */
interface UrlRules {
  /** Whether plain http will do. */
  readonly allowHttp?: boolean;
  /** Prop that allows it. */
  readonly allowedBy: string;
  readonly example: string;
}

/** Throws unless `value` is an https URL, or an http one where that is allowed. */
export function requireHttpsUrl(what: string, value: string, { allowHttp, allowedBy, example }: UrlRules): void {
  if (Token.isUnresolved(value)) return;
  const protocol = URL.canParse(value) && !/\s/.test(value) ? new URL(value).protocol : "";
  if (protocol === "https:" || (protocol === "http:" && allowHttp === true)) return;
  throw new ValidationError({
    what,
    given: JSON.stringify(value),
    expected: `an https URL, for example "${example}"`,
    mend: `use https, or say ${allowedBy}: true for plain http in a network you trust`,
  });
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
  // A zone ("fe80::1%eth0") means something on one machine only.
  if (family === 0 || address.includes("%")) return `"${address}" is no IP address`;
  const bits = family === 4 ? 32 : 128;
  if (prefix === undefined) return `add the prefix length: ${value}/${bits} for this address alone`;
  // "/00" means "/0", but {@link isWorld} does not recognise it.
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

/** Whether a CIDR admits the whole Internet. */
export function isWorld(cidr: string): boolean {
  return cidr.endsWith("/0");
}

/** Throws for a number that only Terraform will know: its token is a number too, and would be computed with. */
export function requireKnown(what: string, value: number): void {
  if (!Token.isUnresolved(value)) return;
  throw new ValidationError({
    what,
    given: "a value that is known only when Terraform runs",
    expected: "a number in the code",
    mend: "write the number, or read it while the app runs, from its environment for example",
  });
}

/** Throws unless `value` is a whole number from `minimum` to `maximum`, both included, and known now. */
export function requireInteger(what: string, value: number, minimum: number, maximum: number, unit: string): void {
  requireKnown(what, value);
  if (!Number.isInteger(value) || value < minimum || value > maximum) {
    throw new ValidationError({
      what,
      given: `${value} ${unit}`.trim(),
      expected: `a whole number from ${minimum} to ${maximum} ${unit}`.trim(),
      mend: "choose a value in that range, or leave it out for the default",
    });
  }
}

/** Throws unless `value` is a name or an id: one word, of the form that is given. */
export function requireName(what: string, value: string, form = /^[\w.:-]{1,255}$/): string {
  if (typeof value === "string" && (Token.isUnresolved(value) || form.test(value))) return value;
  throw new ValidationError({
    what,
    given: JSON.stringify(value),
    expected: "a name or an id: letters, digits, hyphens and underscores",
    mend: "copy it from where it was made, or leave it out",
  });
}

/** Throws unless `value` is true or false: in JavaScript and YAML, "no" and "false" would count as true. */
export function requireBoolean(what: string, value: boolean): boolean {
  if (typeof value === "boolean") return value;
  throw new ValidationError({
    what,
    given: JSON.stringify(value),
    expected: "true or false",
    mend: "write one of the two without quotes, or leave it out for the default",
  });
}

/** Throws if a value is in `values` twice. */
export function requireDistinct(what: string, values: readonly string[], mend: string): void {
  const seen = new Set<string>();
  for (const value of values) {
    if (seen.has(value)) {
      throw new ValidationError({ what, given: `${JSON.stringify(value)} twice`, expected: "each only once", mend });
    }
    seen.add(value);
  }
}
