import type { Operation } from "./operation-log";

/**
 * The time of the first acknowledgement of a write that began after a moment; undefined if there is none yet. Writes that
 * began earlier do not count: answers to these may have been on their way already.
 */
export function firstAcknowledged(operations: readonly Operation[], afterMs: number): number | undefined {
  const ends = operations.filter(({ ok, startMs }) => ok && startMs > afterMs).map(({ endMs }) => endMs);
  return ends.length === 0 ? undefined : Math.min(...ends);
}
