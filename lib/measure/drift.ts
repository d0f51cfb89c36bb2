import { ClusterRecord } from "../cluster-record";
import { LEAST_ROUND_TRIPS_PER_ELECTION } from "../wan/heartbeat-and-election";
import { MemberPaths } from "../wan/member-paths";
import type { RoundTripTimePair } from "../wan/round-trip-time-pair";
import { RoundTripTimes } from "../wan/round-trip-times";
import { Tuning } from "../wan/tuning";
import { ValidationError } from "../validation-error";

/** Up to here a round trip may move in any case: what a busy machine adds. */
const LEAST_DRIFT_MS = 5;

/** A 95th percentile of fewer samples depends on a handful of slow moments: no reason to change an election timeout. */
const SAMPLES_FOR_P95 = 100;

/** The loss is counted from a few lost segments, so it may be off by this factor. */
const LOSS_MARGIN = 2;

/** How far, by default, a round trip or an election timeout may move, in percent. */
export const DEFAULT_TOLERANCE_PERCENT = 10;

/** One pair's times, then and now. */
export interface PairDrift {
  readonly a: string;
  readonly b: string;
  /** The medians, in milliseconds. */
  readonly tunedForMs: number;
  readonly nowMs?: number;
  /** The 95th percentile now, where it was measured. */
  readonly nowP95Ms?: number;
  /** Whether it has moved by more than is tolerated. */
  readonly drifted: boolean;
}

/** The election timeout: the one in use, and the one that today's times give. */
export interface ElectionDrift {
  readonly inUseMs: number;
  /** Missing where the timeouts that were given by hand do not fit today's times. */
  readonly wantedMs?: number;
  /** What is wrong with the one in use; undefined where nothing is. */
  readonly problem?: string;
}

/** Which congestion control carries the log to followers: see {@link MemberPaths.streamsByCubic}. */
export type StreamControl = "cubic" | "bbr";

/** The congestion control of the log's streams to followers: the one in use, and the one for today's loss. */
export interface StreamsDrift {
  readonly inUse: StreamControl;
  readonly wanted: StreamControl;
  /** The largest loss between members that counted, in percent: measured, or where it was not, as tuned for. */
  readonly lossPercent: number;
  readonly drifted: boolean;
}

/** How far a cluster has moved from what it was tuned for. */
export interface Drift {
  readonly pairs: readonly PairDrift[];
  readonly election: ElectionDrift;
  readonly streams: StreamsDrift;
  readonly tolerancePercent: number;
  readonly drifted: boolean;
}

/**
 * Compares the times that were measured with those that the cluster was tuned for. Three things count as drift:
 *
 * - a pair's median that moved by more than the tolerance, and by more than 5 ms: the leader may now be in the wrong
 *   place;
 * - an election timeout that, from today's times, would differ from the one in use by more than the tolerance, or is
 *   below the two round trips that an election needs: failover is slower than necessary, or elections fail;
 * - a loss that calls for the other congestion control on the log's streams, even if it is off by a factor of two: a
 *   follower may fall behind, or writes take longer than necessary.
 *
 * A pair without a 95th percentile of at least 100 samples is taken to have the jitter that it was tuned for, and one
 * without a loss to have that one.
 */
export function driftOf(record: ClusterRecord, now: readonly RoundTripTimePair[], tolerancePercent: number): Drift {
  const tuned = RoundTripTimes.of([...record.roundTripTimes.pairs]);
  const measured = now.length === 0 ? undefined : RoundTripTimes.of(now.map((pair) => completed(pair, tuned)));
  const pairs = memberPairs(record).map(({ a, b }): PairDrift => {
    const tunedForMs = tuned.between(a, b);
    const found = now.find((pair) => (pair.a === a && pair.b === b) || (pair.a === b && pair.b === a));
    if (found === undefined) return { a, b, tunedForMs, drifted: false };
    const moved = Math.abs(found.p50 - tunedForMs);
    const drifted = moved > Math.max(LEAST_DRIFT_MS, (tolerancePercent / 100) * tunedForMs);
    return { a, b, tunedForMs, nowMs: found.p50, nowP95Ms: found.p95, drifted };
  });
  const times = measured === undefined ? tuned : tuned.withPairs(measured.pairs());
  const election = electionDrift(record, times, tolerancePercent);
  const streams = streamsDrift(record, tuned, times);
  return {
    pairs,
    election,
    streams,
    tolerancePercent,
    drifted: pairs.some((pair) => pair.drifted) || election.problem !== undefined || streams.drifted,
  };
}

/** Each two different locations of members. */
export function memberPairs({ members }: ClusterRecord): { readonly a: string; readonly b: string }[] {
  const locations = [...new Set(members.map((member) => member.location))];
  return locations.flatMap((a, index) => locations.slice(index + 1).map((b) => ({ a, b })));
}

/** The pair, completed by what it was tuned for where that was not measured. */
function completed(pair: RoundTripTimePair, tuned: RoundTripTimes): RoundTripTimePair {
  const { a, b } = pair;
  if (!tuned.has(a, b)) return pair;
  const known = pair.p95 !== undefined && (pair.samples ?? 0) >= SAMPLES_FOR_P95;
  return {
    ...pair,
    p95: known ? pair.p95 : pair.p50 + tuned.jitterBetween(a, b),
    lossPercent: pair.lossPercent ?? tuned.lossPercentBetween(a, b),
  };
}

function streamsDrift({ members }: ClusterRecord, tuned: RoundTripTimes, times: RoundTripTimes): StreamsDrift {
  const locations = members.map((member) => member.location);
  const longestMs = times.largestAmong(locations);
  const lossPercent = times.largestLossPercentAmong(locations);
  const inUse = controlOf(MemberPaths.among(tuned, locations));
  const at = (percent: number): StreamControl => controlOf(new MemberPaths(longestMs, percent));
  const drifted = [lossPercent / LOSS_MARGIN, lossPercent, lossPercent * LOSS_MARGIN].every(
    (loss) => at(loss) !== inUse,
  );
  return { inUse, wanted: at(lossPercent), lossPercent, drifted };
}

function controlOf(paths: MemberPaths): StreamControl {
  return paths.streamsByCubic ? "cubic" : "bbr";
}

function electionDrift(record: ClusterRecord, times: RoundTripTimes, tolerancePercent: number): ElectionDrift {
  const inUseMs = record.inUse.electionMs;
  const memberLocations = record.members.map((member) => member.location);
  const largest = times.largestAmong(memberLocations);
  const wantedMs = derived(record, times, memberLocations);
  if (inUseMs < LEAST_ROUND_TRIPS_PER_ELECTION * (largest - LEAST_DRIFT_MS)) {
    return {
      inUseMs,
      wantedMs,
      problem: `it is below ${LEAST_ROUND_TRIPS_PER_ELECTION} x the largest round trip, ${Math.ceil(LEAST_ROUND_TRIPS_PER_ELECTION * largest)} ms: elections may fail`,
    };
  }
  if (wantedMs !== undefined && Math.abs(wantedMs - inUseMs) > (tolerancePercent / 100) * inUseMs) {
    return { inUseMs, wantedMs, problem: `these times give ${wantedMs} ms` };
  }
  return { inUseMs, wantedMs };
}

/** The election timeout that the cluster's own settings give with these times. */
function derived(record: ClusterRecord, times: RoundTripTimes, memberLocations: string[]): number | undefined {
  const { profile, heartbeatMs, electionMs } = record;
  try {
    return Tuning.derive({ roundTripTimes: times, memberLocations, profile, heartbeatMs, electionMs }).electionMs;
  } catch (error) {
    if (error instanceof ValidationError) return undefined;
    throw error;
  }
}
