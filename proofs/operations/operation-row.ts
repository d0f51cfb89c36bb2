import type { Impact } from "./impact";

/** The effect of an operation on the cluster's clients. */
export interface OperationRow {
  readonly name: string;
  readonly seconds: number;
  readonly recommended: Impact;
  readonly naive: Impact;
  readonly kept?: Impact;
  /** 99th percentile of the recommended clients' writes just before. */
  readonly usualP99Ms: number;
  /** The longest of these writes. */
  readonly usualWorstMs: number;
  readonly leaderChanges: number;
  /** Increase of Raft's term: elections and transfers, whatever their result. */
  readonly terms: number;
  /** By how much the number of tolerated failures was lower than before, at the worst moment. */
  readonly toleranceLost: number;
  /** 99th percentile of the clients' own lateness with operations, which a busy machine adds to all times here. */
  readonly lateP99Ms: number;
  /** A sentence for each operation that failed. */
  readonly failures: readonly string[];
  /** From the creation of a new machine to the first login on it, if one was replaced; included in `seconds`. */
  readonly bootSeconds?: number;
  /** Other measurements. */
  readonly note?: string;
}
