import type { Impact } from "./impact";

/** What an operation on the cluster did to its clients. */
export interface OperationRow {
  readonly name: string;
  readonly seconds: number;
  readonly recommended: Impact;
  readonly naive: Impact;
  readonly kept?: Impact;
  /** 99th percentile of the recommended clients' writes just before. */
  readonly usualP99Ms: number;
  /** The longest of them. */
  readonly usualWorstMs: number;
  readonly leaderChanges: number;
  /** Raft terms: elections and transfers, whoever won. */
  readonly terms: number;
  /** By how much fewer members could be lost than before it, at its worst moment. */
  readonly toleranceLost: number;
  /** 99th percentile of how late the clients themselves were with an operation: what a busy machine adds to all times here. */
  readonly lateP99Ms: number;
  /** A sentence for each operation that failed. */
  readonly failures: readonly string[];
  /** From the order of a new machine to the first login on it, if one machine was made anew: part of the seconds. */
  readonly bootSeconds?: number;
  /** What else was measured. */
  readonly note?: string;
}
