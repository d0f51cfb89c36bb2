import type { Exploration } from "../../../proofs/exploration/explore";

/** What a run of the exploration comes to, for a test to compare: nothing if every invariant held. */
export function told({ seed, violation, history, lines }: Exploration): string {
  if (violation === undefined) return "";
  return [
    `"${violation.invariant}" does not hold: ${violation.what}`,
    `seed ${seed}; the shortest history known, to be kept in proofs/exploration/kept/histories.json once it is mended:`,
    JSON.stringify(history),
    ...(lines ?? []),
  ].join("\n");
}
