import type { Operation } from "../workload/operation-log";
import { quantile, worst } from "../figures/statistics";
import { ClientKind } from "./load-client";

/** etcd keeps a write that it cannot commit for 5 s and two election timeouts; no other wait is as long as 5 s. */
const HUNG_MS = 5000;

/** A client's operation. */
export interface ClientOperation extends Operation {
  readonly client: string;
  readonly clientKind: ClientKind;
}

/** The effect on the clients of one kind. */
export interface Impact {
  readonly requests: number;
  readonly failed: number;
  /** The longest wait for a write, from when it was due; NaN without writes. */
  readonly worstStallMs: number;
  /** Writes that took 5 s or more, successful or not. */
  readonly hung: number;
}

export function impactOn(kind: ClientKind, operations: readonly ClientOperation[]): Impact {
  const own = operations.filter(({ clientKind }) => clientKind === kind);
  const waits = writeWaits(own);
  return {
    requests: own.length,
    failed: own.filter(({ ok }) => !ok).length,
    worstStallMs: worst(waits),
    hung: waits.filter((ms) => ms >= HUNG_MS).length,
  };
}

/** The impacts on recommended clients. */
interface RecommendedImpacts {
  readonly recommended: Impact;
  /** The impact on those that keep their first certificates, if there are any. */
  readonly kept?: Impact;
}

/** The impact on all recommended clients, including those with kept certificates. */
export function impactOnRecommended({ recommended, kept }: RecommendedImpacts): Omit<Impact, "requests" | "hung"> {
  const impacts = [recommended, ...(kept === undefined ? [] : [kept])];
  return {
    failed: impacts.reduce((sum, { failed }) => sum + failed, 0),
    // NaN, which meets no bar, if those of one kind wrote nothing.
    worstStallMs: Math.max(...impacts.map(({ worstStallMs }) => worstStallMs)),
  };
}

/** The 99th percentile of the writes' durations; NaN without writes. */
export function writeP99Ms(kind: ClientKind, operations: readonly ClientOperation[]): number {
  return quantile(writeWaits(operations.filter(({ clientKind }) => clientKind === kind)), 0.99);
}

function writeWaits(operations: readonly ClientOperation[]): number[] {
  return operations.filter(({ kind }) => kind !== "get").map(({ dueMs, endMs }) => endMs - dueMs);
}

/** Describes a failed operation so that it can be found in its client's history and in the members' journals. */
export function describeFailure({ client, kind, dueMs, endMs, error }: ClientOperation): string {
  const took = ((endMs - dueMs) / 1000).toFixed(1);
  return `${kind} of ${client} at ${new Date(dueMs).toISOString()}: ${error ?? "failed"} after ${took} s`;
}
