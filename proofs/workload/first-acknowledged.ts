import type { Operation } from "./operation-log";

/**
 * When the first write was acknowledged of those that began after a moment; undefined if none was yet. Earlier ones may be acknowledged after
 * it too, on the strength of what was already on its way.
 */
export function firstAcknowledged(operations: readonly Operation[], afterMs: number): number | undefined {
  const ends = operations.filter(({ ok, startMs }) => ok && startMs > afterMs).map(({ endMs }) => endMs);
  return ends.length === 0 ? undefined : Math.min(...ends);
}
