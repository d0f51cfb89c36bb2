import { markdownTable, seconds } from "../figures/markdown";
import { impactOnRecommended } from "./impact";
import type { OperationRow } from "./operation-row";
import type { Bar } from "./operation";

/** The rows as the table of docs/operations.md. */
export function operationTable(rows: readonly OperationRow[]): string {
  const header = [
    "operation",
    "took",
    "requests",
    "failed, recommended",
    "failed, naive",
    "longest write, recommended",
    "longest write, naive",
    "hung, naive",
    "usual p99, and longest",
    "elections and transfers",
  ];
  return markdownTable(
    header,
    rows.map((row) => [
      row.name,
      `${Math.round(row.seconds)} s`,
      String(row.recommended.requests + row.naive.requests + (row.kept?.requests ?? 0)),
      String(impactOnRecommended(row).failed),
      String(row.naive.failed),
      seconds(impactOnRecommended(row).worstStallMs),
      seconds(row.naive.worstStallMs),
      String(row.naive.hung),
      `${seconds(row.usualP99Ms)}, ${seconds(row.usualWorstMs)}`,
      String(row.terms),
    ]),
  );
}

/** A line for each bar: met or missed. */
export function verdicts(row: OperationRow, bars: readonly Bar[]): string[] {
  return bars.map((bar) => `${bar.met(row) ? "met   " : "MISSED"}  ${sentence(row, bar)}`);
}

/** A sentence for each missed bar. */
export function missed(row: OperationRow, bars: readonly Bar[]): string[] {
  return bars.filter((bar) => !bar.met(row)).map((bar) => sentence(row, bar));
}

function sentence(row: OperationRow, bar: Bar): string {
  return `${row.name}: ${bar.name}`;
}
