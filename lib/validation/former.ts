import { ValidationError } from "../validation-error";
import { isLate } from "./tokens";

/** What a user gives, whatever that is. */
type Given = Readonly<Record<string, unknown>>;

/** A prop of earlier versions, which another one took the place of. */
export interface FormerProp {
  /** The prop that is to be given now. */
  readonly by: string;
  /** Its value as it is to be typed, made of what was given: it may have taken the place of several props. */
  readonly written: (given: Given) => string;
}

/** Props of earlier versions, by name. */
export type FormerProps = Readonly<Record<string, FormerProp>>;

/** Throws for the first prop of an earlier version that was given; the message has what to type, ready to be pasted. */
export function requireNoFormerProps(path: (prop: string) => string, given: Given, former: FormerProps): void {
  const old = Object.keys(given).filter((prop) => given[prop] !== undefined && Object.keys(former).includes(prop));
  if (old.length === 0) return;
  const { by, written } = former[old[0]];
  const replaced = old.filter((prop) => former[prop].by === by);
  throw new ValidationError({
    what: path(old[0]),
    given: "a prop of earlier versions",
    expected: `${by}, which took its place`,
    mend: `write ${by}: ${written(given)} in place of ${replaced.join(" and ")}, which changes nothing in a cluster that runs`,
  });
}

/** Longer texts are left to whoever has them. */
const LONGEST = 80;

/** A plain value as it is to be typed, with dots for what is not plain, is long, or is known only to Terraform. */
export function written(value: unknown): string {
  if (isLate(value)) return "...";
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value === "string") return value.length > LONGEST ? "..." : JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(written).join(", ")}]`;
  if (typeof value !== "object" || value === null) return "...";
  return writtenProps(Object.entries(value).map(([prop, one]) => [prop, written(one)]));
}

/** An object as it is to be typed, of its props' values as they are. */
export function writtenProps(props: readonly (readonly [string, string])[]): string {
  return props.length === 0 ? "{}" : `{ ${props.map(([prop, one]) => `${prop}: ${one}`).join(", ")} }`;
}
