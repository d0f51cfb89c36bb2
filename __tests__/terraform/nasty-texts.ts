import * as fc from "fast-check";

/** Printed by a test that fails; another one is taken with NASTY_SEED. */
export const SEED = Number(process.env.NASTY_SEED ?? 4711);

/** What some language or other would take for syntax. */
const PIECES = [
  ...Array.from(`"'\`\\$%{}()[]<>&|;:#=,!?*~ \té☃😀`),
  "${x}",
  "%{y}",
  "$${",
  "%%{",
  "$(id)",
  "%(z)s",
  '"""',
  "\\n",
  "\\u0041",
  "//",
  "-- ",
  "{{ $labels }}",
  "END",
];

/** One line, as any of the library's text props may be given it, in the composed form that Terraform keeps. */
export const nastyLine = fc
  .array(fc.oneof(fc.constantFrom(...PIECES), fc.string({ unit: "grapheme", minLength: 1, maxLength: 3 })), {
    maxLength: 8,
  })
  .map((pieces) =>
    pieces
      .join("")
      .normalize("NFC")
      // eslint-disable-next-line no-control-regex -- a line holds none but tabs
      .replace(/[\x00-\x08\x0a-\x1f\x7f]/g, ""),
  );

/** The same texts in each run. */
export function nastyLines(count: number): string[] {
  return fc.sample(nastyLine, { numRuns: count, seed: SEED });
}
