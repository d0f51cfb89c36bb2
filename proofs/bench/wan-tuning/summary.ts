import { median, quantile, worst } from "../../figures/statistics";
import type { Operation } from "../../workload/operation-log";

/** Failures and durations of a client's calls. Failed calls count in the durations. */
export interface Summary {
  readonly count: number;
  readonly failed: number;
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly worstMs: number;
}

export function summarize(operations: readonly Operation[]): Summary {
  const durations = operations.map(({ dueMs, endMs }) => endMs - dueMs);
  return {
    count: operations.length,
    failed: operations.filter(({ ok }) => !ok).length,
    medianMs: median(durations),
    p99Ms: quantile(durations, 0.99),
    worstMs: worst(durations),
  };
}
