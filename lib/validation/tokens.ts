import { ValidationError } from "../validation-error";

/** Marks of CDKTF's encodings of a value that only Terraform knows: in a text, a list and a map. */
const MARK = /[$#&]\{TfToken\[/;
/** The top 16 bits of a number that stands for one, and for a list of them. */
const NUMBER_MARKS = [0xfdff, 0xfbff];

/**
 * Whether a value, or a part of it, is known only when Terraform runs. CDKTF's `Token.isUnresolved` without CDKTF, which
 * the command line does without.
 */
export function isLate(value: unknown): boolean {
  if (typeof value === "string") return MARK.test(value);
  if (typeof value === "number") return NUMBER_MARKS.includes(topBits(value));
  if (Array.isArray(value)) return value.some(isLate);
  if (typeof value !== "object" || value === null) return false;
  return isResolvable(value) || Object.keys(value).some(isLate);
}

/** Whether the whole of a list, its length too, is known only when Terraform runs. */
export function isLateList(value: unknown): boolean {
  if (!Array.isArray(value)) return isResolvable(value);
  return value.some((item) => typeof item === "string" && item.includes("#{TfToken["));
}

function isResolvable(value: unknown): boolean {
  return typeof value === "object" && value !== null && "resolve" in value && typeof value.resolve === "function";
}

function topBits(value: number): number {
  const bytes = new DataView(new ArrayBuffer(8));
  bytes.setFloat64(0, value);
  return bytes.getUint16(0);
}

/** The error about a value that is known too late. `expected` is what would do, for example "a number". */
export function tooLate(what: string, expected: string): ValidationError {
  return new ValidationError({
    what,
    given: "a value that is known only when Terraform runs",
    expected: `${expected} in the code`,
    mend: `write the ${expected.replace(/^an? /, "")}, or read it while the app runs, from its environment for example`,
  });
}

/** Throws for a number that only Terraform will know: its token is a number too, and would be computed with. */
export function requireKnown(what: string, value: number): void {
  if (isLate(value)) throw tooLate(what, "a number");
}
