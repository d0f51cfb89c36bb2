import type { Bar } from "../../proofs/operations/operation";
import type { OperationRow } from "../../proofs/operations/operation-row";
import { missed, verdicts } from "../../proofs/operations/table";

/** Prints what clients felt, and holds it against its bars. Times are printed, not judged: on a busy machine they say nothing. */
export function judge(row: OperationRow, bars: readonly Bar[]): void {
  process.stderr.write([...row.failures, ...verdicts(row, bars)].map((line) => `      ${line}\n`).join(""));
  const sure = bars.filter(({ timing }) => !timing);
  expect(missed(row, sure)).toEqual([]);
}
