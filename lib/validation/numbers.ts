import { ValidationError } from "../validation-error";
import { shown } from "./shown";
import { requireKnown } from "./tokens";

/** Throws unless `value` is a whole number from `minimum` to `maximum`, both included, and known now. */
export function requireInteger(what: string, value: number, minimum: number, maximum: number, unit: string): void {
  requireKnown(what, value);
  if (Number.isInteger(value) && value >= minimum && value <= maximum) return;
  throw new ValidationError({
    what,
    given: `${shown(value)} ${unit}`.trim(),
    expected: `a whole number from ${minimum} to ${maximum} ${unit}`.trim(),
    mend: "choose a value in that range, or leave it out for the default",
  });
}
