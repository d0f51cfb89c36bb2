import { ValidationError } from "../validation-error";
import { roundUp } from "./round-up";
import type { TuningDistances } from "./tuning-distances";
import { TuningProfile } from "./tuning-profile";

/** etcd refuses to start when the election timeout is less than this many heartbeats. */
const LEAST_TICKS = 5;
/** etcd's default ratio of election timeout to heartbeat, 1000/100. */
const USUAL_TICKS = 10;
/** etcd refuses to start with a longer election timeout. */
const LARGEST_ELECTION_MS = 50_000;
/** Goroutine scheduling and fsync may take longer than a shorter heartbeat. */
const LEAST_HEARTBEAT_MS = 10;
/**
 * The round trips that an election takes at least: pre-vote and vote take one each, and either restarts the candidate's
 * timer, so one of the two is left for jitter.
 */
export const LEAST_ROUND_TRIPS_PER_ELECTION = 2;
/** Up to this round trip all members are within one city, and distance decides nothing. */
export const ONE_PLACE_MS = 5;
/** Up to this loss there was no mistaken election at any of the timeouts measured. */
export const HARMLESS_LOSS_PERCENT = 3;
/** How long Linux waits at least, beyond the round trip, before it sends a lost TCP segment again (TCP_RTO_MIN). */
export const RETRANSMISSION_MS = 200;

/** What etcd is started with, the same for all members. */
export interface HeartbeatAndElection {
  readonly heartbeatMs: number;
  readonly electionMs: number;
}

/**
 * The values that the user gave, and the profile's for the others.
 *
 * @throws ValidationError when a given value is outside etcd's rules or too short for the distances
 */
export function heartbeatAndElection(
  profile: TuningProfile,
  given: Partial<HeartbeatAndElection>,
  distances: TuningDistances,
): HeartbeatAndElection {
  const chosen = overridden(byProfile(profile, distances), given);
  checkRules(chosen);
  checkDistances(chosen, distances);
  return chosen;
}

/** The election timeout as etcd counts it: in whole heartbeats, rounded down. */
export function effectiveElectionMs({ heartbeatMs, electionMs }: HeartbeatAndElection): number {
  return Math.floor(electionMs / heartbeatMs) * heartbeatMs;
}

/**
 * Within one city distance decides nothing, so the values there are etcd's defaults (half of them for FAST): tried the
 * most, and long enough for a disk that stalls. Elsewhere the lower limits, 550 and 450 ms, are close to the shortest
 * timeouts that were measured, 580 and 460 ms.
 */
function byProfile(profile: TuningProfile, { median, p95, lossPercent }: TuningDistances): HeartbeatAndElection {
  const onePlace = median <= ONE_PLACE_MS;
  // Where many heartbeats are lost, there must be time to send one again.
  const loss = lossPercent > HARMLESS_LOSS_PERCENT ? RETRANSMISSION_MS + p95 : 0;
  switch (profile) {
    case TuningProfile.BALANCED:
      return withUsualHeartbeat(onePlace ? 1000 : roundUp(Math.max(550, 2.5 * p95 + loss), 10));
    case TuningProfile.FAST:
      return withUsualHeartbeat(onePlace ? 500 : roundUp(Math.max(450, 2 * p95 + loss), 10));
    case TuningProfile.CONSERVATIVE:
      return withUsualHeartbeat(10 * Math.max(100, roundUp(median, 1)));
  }
}

function withUsualHeartbeat(electionMs: number): HeartbeatAndElection {
  return { electionMs, heartbeatMs: electionMs / USUAL_TICKS };
}

/** The user's values where given. Where only one of the two is, the other follows from it. */
function overridden(
  derived: HeartbeatAndElection,
  { heartbeatMs, electionMs }: Partial<HeartbeatAndElection>,
): HeartbeatAndElection {
  requireWholeMs("tuning.heartbeatMs", heartbeatMs, LEAST_HEARTBEAT_MS);
  requireWholeMs("tuning.electionMs", electionMs, LEAST_TICKS * LEAST_HEARTBEAT_MS);
  if (electionMs !== undefined) {
    const tick = Math.max(LEAST_HEARTBEAT_MS, Math.floor(electionMs / USUAL_TICKS));
    return { electionMs, heartbeatMs: heartbeatMs ?? tick };
  }
  if (heartbeatMs !== undefined) {
    return {
      heartbeatMs,
      electionMs: roundUp(Math.max(derived.electionMs, USUAL_TICKS * heartbeatMs), heartbeatMs),
    };
  }
  return derived;
}

function requireWholeMs(what: string, value: number | undefined, least: number): void {
  if (value !== undefined && !(Number.isInteger(value) && value >= least)) {
    throw new ValidationError({
      what,
      given: `${value} ms`,
      expected: `a whole number of at least ${least} ms`,
      mend: "raise or round it, or leave it out to have it derived",
    });
  }
}

/** What etcd itself checks when it starts. */
function checkRules({ heartbeatMs, electionMs }: HeartbeatAndElection): void {
  if (electionMs < LEAST_TICKS * heartbeatMs) {
    throw new ValidationError({
      what: "tuning.electionMs",
      given: `${electionMs} ms with a heartbeat of ${heartbeatMs} ms`,
      expected: `at least ${LEAST_TICKS} x the heartbeat, as etcd refuses to start with less`,
      mend: `raise it to ${LEAST_TICKS * heartbeatMs} or more, or give only one of the two`,
    });
  }
  if (electionMs > LARGEST_ELECTION_MS) {
    throw new ValidationError({
      what: "tuning.electionMs",
      given: `${electionMs} ms`,
      expected: `at most ${LARGEST_ELECTION_MS} ms, as etcd refuses to start with more`,
      mend: `lower it, or the heartbeat (at most ${LARGEST_ELECTION_MS / USUAL_TICKS} ms)`,
    });
  }
}

function checkDistances(chosen: HeartbeatAndElection, { median }: TuningDistances): void {
  const { heartbeatMs, electionMs } = chosen;
  const effectiveMs = effectiveElectionMs(chosen);
  const leastMs = Math.ceil(LEAST_ROUND_TRIPS_PER_ELECTION * median);
  if (effectiveMs < leastMs) {
    const counted =
      effectiveMs === electionMs
        ? ""
        : ` (which etcd counts as ${effectiveMs} ms, in whole heartbeats of ${heartbeatMs} ms)`;
    throw new ValidationError({
      what: "tuning.electionMs",
      given: `${electionMs} ms${counted}`,
      expected: `at least ${leastMs} ms: ${LEAST_ROUND_TRIPS_PER_ELECTION} x the largest round trip between members, ${median} ms`,
      mend: "raise it, leave it out to have it derived, or correct the round-trip times",
    });
  }
}
