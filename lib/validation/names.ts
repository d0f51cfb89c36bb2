import { isIP } from "node:net";
import { ValidationError } from "../validation-error";
import { shown } from "./shown";
import { isLate, tooLate } from "./tokens";

/** Throws unless `value` is a DNS label (RFC 1123): it becomes host name, member name and part of certificates. */
export function requireDnsLabel(what: string, value: string): void {
  // Addresses in Terraform's state depend on it, which Terraform must know before it runs.
  if (isLate(value)) throw tooLate(what, "a name");
  if (isDnsLabel(value)) return;
  throw new ValidationError({
    what,
    given: shown(value),
    expected: "a DNS label: 1 to 63 lower-case letters, digits and inner hyphens",
    mend: 'rename it, for example "etcd-lon1"',
  });
}

function isDnsLabel(value: string): boolean {
  return /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(value);
}

/** Throws unless `value` is a DNS name as certificates have them: labels with dots, the first of which may be "*". */
export function requireDnsName(what: string, value: string): void {
  if (isLate(value)) return;
  const isName = value.replace(/^\*\./, "").split(".").every(isDnsLabel) && value.length <= 253;
  if (isName && isIP(value) === 0) return;
  throw new ValidationError({
    what,
    given: shown(value),
    expected: 'a DNS name: lower-case labels with dots between them, for example "etcd.example.com"',
    mend: isIP(value) === 0 ? "write the name alone, without scheme, port or final dot" : "leave addresses out",
  });
}

/** Throws if a value is in `values` twice. */
export function requireDistinct(what: string, values: readonly string[], mend: string): void {
  const seen = new Set<string>();
  for (const value of values) {
    if (seen.has(value)) {
      throw new ValidationError({ what, given: `${shown(value)} twice`, expected: "each only once", mend });
    }
    seen.add(value);
  }
}

/** Throws for a directory's path that is empty, would end a line, or begins with a tilde, which only shells expand. */
export function requireDirectory(what: string, value: string, example: string): void {
  // eslint-disable-next-line no-control-regex -- these are what is looked for
  const isPath = value.trim() !== "" && !/[\u0000-\u001f\u007f]/.test(value) && !value.startsWith("~");
  if (isPath) return;
  throw new ValidationError({
    what,
    given: shown(value),
    expected: `the path of a directory, for example ${JSON.stringify(example)}`,
    mend: value.startsWith("~")
      ? "write the home directory out, or use os.homedir(): nothing expands a tilde here"
      : "write it in one line, without control characters",
  });
}

/** Throws for a text in the code that does not match. */
export function requireMatch(what: string, value: string, pattern: RegExp, expected: string, mend: string): void {
  if (isLate(value) || pattern.test(value)) return;
  throw new ValidationError({ what, given: shown(value), expected, mend });
}
