import { ValidationError } from "../validation-error";
import { QuorumModel } from "./quorum";
import type { RoundTripTimes } from "./round-trip-times";

/** How to weigh a quick failover against mistaken elections. */
export enum TuningProfile {
  /**
   * Election timeout of 2.5 x the largest p95 round trip, heartbeat a tenth of it. At round trips of 78, 167 and 224 ms
   * that is 58/580. When the leader's location loses power, the next write comes after 1.7 s (median of 40 rounds) where those
   * that are left are 224 ms apart, and up to 4.7 s when votes are split (docs/benchmarks.md).
   */
  BALANCED = "balanced",
  /**
   * etcd's own guide: heartbeat of the largest round trip, election timeout ten times that. At the same round trips
   * 224/2240: next write after 4.1 s (median), 7.6 s (worst). For paths that are far worse than their numbers.
   */
  CONSERVATIVE = "conservative",
  /**
   * As low as the round trips allow: 2 x the largest p95. A candidate waits for its pre-vote, then for its vote, a round trip each, and
   * its timer starts anew with either: one round trip to spare. 46/460 at the same round trips: 1.6 s (median), but votes
   * are split more often, which takes 3 s and more.
   */
  FAST = "fast",
}

/** What a {@link Tuning} is derived from. */
export interface TuningProps {
  /** The round-trip times. They must know each two of the members, and each client with each member. */
  readonly roundTripTimes: RoundTripTimes;
  /** Where the voting members are. */
  readonly memberLocations: string[];
  /**
   * Where clients are: their deadlines have to cover the way to the farthest member, to which they fall back.
   *
   * @default - no farther from the members than these are from each other
   */
  readonly clientLocations?: string[];
  /**
   * How to weigh a quick failover against mistaken elections.
   *
   * @default TuningProfile.BALANCED
   */
  readonly profile?: TuningProfile;
  /**
   * Heartbeat interval in milliseconds, a whole number of at least 10, instead of the derived one.
   *
   * @default - a tenth of the election timeout
   */
  readonly heartbeatMs?: number;
  /**
   * Election timeout in milliseconds, a whole number, instead of the derived one: at least 5 x the heartbeat, at most
   * 50000 (both checked by etcd itself), and at least 2 x the largest round trip between members.
   *
   * @default - as the profile says
   */
  readonly electionMs?: number;
}

/** etcd refuses to start with less. */
const LEAST_TICKS = 5;
/** etcd's default ratio of election timeout to heartbeat, 1000/100. */
const USUAL_TICKS = 10;
/** etcd refuses to start with more. */
const LARGEST_ELECTION_MS = 50_000;
/** Goroutine scheduling and fsync make a shorter tick meaningless. */
const LEAST_HEARTBEAT_MS = 10;
/** Pre-vote and vote take a round trip each, and each restarts the candidate's timer; one more to spare for jitter. */
export const LEAST_ROUND_TRIPS_PER_ELECTION = 2;
/** Up to this round trip all members are within one city, and distance decides nothing. */
const ONE_PLACE_MS = 5;
/** Up to here loss caused no mistaken election at any of the timeouts measured. */
const HARMLESS_LOSS_PERCENT = 3;
/** Linux waits at least this long, beyond the round trip, before it sends a lost TCP segment again (TCP_RTO_MIN). */
const RETRANSMISSION_MS = 200;
/** What queues and disks may add to a write before a client gives an attempt up. */
const QUEUES_AND_DISKS_MS = 100;
/** TCP sends a lost SYN again after 1 s, then after 2 s more (RFC 6298): two losses in a row are survived. */
const TWO_LOST_SYNS_MS = 3000;
/** ConnReadTimeout in the source of etcd's rafthttp: 5 s. */
const PEER_READ_TIMEOUT_MS = 5000;
/** How far beyond the ordinary p95 an alert begins. */
const ALERT_HEADROOM = 1.25;
/** The published alert rules' own threshold for peer round trips and for requests: never alert below it. */
const PUBLISHED_ALERT_MS = 150;
/** How many round trips the slow half of etcd's own metric consists of: TCP, TLS 1.3 and the probe. */
const ROUND_TRIPS_IN_METRIC = 3;

/** Upper bounds of grpc_server_handling_seconds' buckets, in ms: Prometheus' defaults. */
const REQUEST_BUCKETS_MS = [5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000];

/** The distances that everything is derived from, in ms. */
interface Distances {
  /** Largest median between members. */
  readonly median: number;
  /** Largest 95th percentile between members. */
  readonly p95: number;
  /** Largest 95th percentile between a client and a member. */
  readonly clientP95: number;
  /** The slowest healthy write of any client, with the leader in any place, all at the 95th percentile. */
  readonly worstWriteP95: number;
  /** The same as the member sees it that the client talks to. */
  readonly worstWriteAtMemberP95: number;
  /** Largest loss between members, in percent. */
  readonly lossPercent: number;
}

interface Pulse {
  readonly heartbeatMs: number;
  readonly electionMs: number;
}

/**
 * Every timeout and threshold that depends on how far the members are from each other, in milliseconds. The same for
 * all members of a cluster, as etcd demands of the first two.
 */
export class Tuning {
  /**
   * Derives all values from the round-trip times.
   *
   * @throws ValidationError when a round-trip time is missing; when a given heartbeat or election timeout is outside etcd's
   *   rules or too short for the distances
   */
  public static derive(props: TuningProps): Tuning {
    const distances = distancesOf(props);
    const profile = props.profile ?? TuningProfile.BALANCED;
    const pulse = overridden(derivedPulse(profile, distances), props);
    checkPulse(pulse, distances);
    return new Tuning(props, distances, pulse);
  }

  /** `--heartbeat-interval`: how often the leader makes itself heard. See {@link TuningProfile}. */
  public readonly heartbeatMs: number;
  /** `--election-timeout`: how long a follower waits, plus a random part of as much again. See {@link TuningProfile}. */
  public readonly electionMs: number;
  /**
   * The election timeout as etcd counts it: in whole heartbeats, rounded down. Differs from
   * {@link Tuning.electionMs} only where both were given and do not divide.
   */
  public readonly effectiveElectionMs: number;

  /**
   * How long writes may stop after a leader was lost, two split votes in a row included: 4 x election + 8 round trips (p95). The
   * wait before the first of two stands for election is 1.3 election timeouts on average, three times over; each of three
   * pre-votes is a round trip, as are the vote, the new leader's first entry and the write; two for jitter and the way
   * to the leader. Three in a row take longer: at 224 ms a third of all votes are split (`npm run bench:split-votes`), so one
   * loss in 25.
   */
  public readonly failoverMs: number;
  /**
   * For how long a voter must have been silent, by the word of the others, before it counts as dead: a fail-over, but at least the 5 s after
   * which etcd means to give up a stream without a heartbeat (in its source: ConnReadTimeout of rafthttp). Whole seconds.
   */
  public readonly silenceMs: number;

  /** etcd's own limit for a request, from its source: 5 s + 2 x election. A dropped proposal hangs for as long. */
  public readonly serverRequestTimeoutMs: number;
  /** etcd's own limit for dialling a peer, from its source: 1 s + election. */
  public readonly peerDialTimeoutMs: number;

  /**
   * For a client's connection: 4 round trips (TCP, TLS 1.2 twice, HTTP/2 with authentication) and two lost SYNs, 3 s.
   * etcdctl's default of 2 s does not survive a single loss on a long path.
   */
  public readonly clientDialTimeoutMs: number;
  /**
   * For one attempt of a client: the worst healthy write (from any client through the member nearest to it to any leader,
   * and that leader's commit, at p95) plus 300 ms: one lost TCP segment, which Linux sends again 200 ms beyond the round
   * trip, and 100 ms for queues and disks. Rounded up to 50 ms. Never less than a healthy write takes, and short, because a
   * proposal that meets a transfer of leadership is dropped in silence: such a write costs one attempt and its repetition,
   * where the server would keep it hanging for {@link Tuning.serverRequestTimeoutMs}. Only writes guarded by a transaction
   * on the revision are safe to repeat.
   */
  public readonly clientAttemptTimeoutMs: number;
  /** For a client's call with all its attempts: one that hangs, a failover, and one that succeeds. */
  public readonly clientTotalTimeoutMs: number;
  /** Between a client's keepalive pings: 10 s, the least that Go's gRPC sends; etcd cuts off clients below 5 s. */
  public readonly clientKeepaliveTimeMs: number;
  /** For the answer to a keepalive ping: 3 round trips (p95) and 2 s, so that two lost segments do not cut a connection. */
  public readonly clientKeepaliveTimeoutMs: number;

  /**
   * `etcdctl --command-timeout`: the server's request timeout and the way there and back with its forwarding (3 round
   * trips), so that what is seen is the server's own error. Whole seconds.
   */
  public readonly etcdctlCommandTimeoutMs: number;
  /**
   * How long a member may take to start while the others are a quorum: a minute to replay the log and open the database, the
   * initial corruption check (asks each peer in turn, each for up to a request timeout), one failover, and the member's own
   * publication. Whole seconds. A rollout counts on it; the unit's own `TimeoutStartSec=` is infinity, because a member
   * whose peers are not there yet has to wait for them, and ending it would only begin the wait again.
   */
  public readonly startBudgetMs: number;
  /**
   * How long one step of a rollout waits for the cluster to be healthy again: the start, a failover, and five commands
   * that time out. Whole seconds.
   */
  public readonly rolloutHealthWaitMs: number;
  /**
   * `--warning-apply-duration` and `--warning-unary-request-duration`: from when on a member logs a request as slow. Both
   * count the way to the leader and the commit (the first for linearizable reads), so across continents etcd's defaults,
   * 100 and 300 ms, log every one of them. 1.25 x the worst healthy request that a member forwards, at p95, rounded up to
   * 100 ms, at least 100 ms.
   */
  public readonly slowRequestLogMs: number;
  /**
   * How long a leader must have been in place, and a better one well, before leadership is moved there: 5 x the request timeout and at
   * least 45 s, as each transfer may leave writes hanging for a request timeout. Whole seconds. With a boot before it and
   * looks every 10 to 15 s it is back within two minutes of its machine's return (docs/benchmarks.md).
   */
  public readonly leaderSettleMs: number;
  /**
   * How long whoever has handed leadership over stays in service before it is stopped or removed: two attempts of a client.
   * What met the transfer is repeated by then, and what others still send to the old leader is passed on by it. Without
   * this pause writes met the transfer and then the restart: 1.4 and 2.3 s for the longest of two rolls.
   */
  public readonly handoverPauseMs: number;

  /**
   * Alert when the round trip to any peer is above this: 1.25 x the largest p95, at least 50 ms. To be compared with half
   * the mean of `etcd_network_peer_round_trip_time_seconds`, which is no round trip: etcd's two probers enter one and three
   * of them in turn (etcd-io/etcd#17837), so that its p99 is three. The published rules hold that against 150 ms, which is
   * 50 ms a round trip, and fire at all times across continents.
   */
  public readonly peerRoundTripAlertMs: number;
  /**
   * Alert when the p99 of `grpc_server_handling_seconds` of puts and transactions at the leader is above this: the same rule for the worst
   * commit. (The published alerts on fsync and backend commit are about disks, and stand as they are.)
   */
  public readonly commitAlertMs: number;
  /**
   * Alert when the p99 of `grpc_server_handling_seconds` of unary calls at any member is above this: the same rule for
   * forwarding to the leader plus commit. Replaces the published rules' 150 ms.
   */
  public readonly requestAlertMs: number;

  /** What deserves a second look; each says what to do about it. */
  public readonly warnings: string[];

  private constructor(
    private readonly props: TuningProps,
    distances: Distances,
    pulse: Pulse,
  ) {
    const { p95, clientP95 } = distances;
    this.heartbeatMs = pulse.heartbeatMs;
    this.electionMs = pulse.electionMs;
    this.effectiveElectionMs = effectiveElection(pulse);
    this.failoverMs = upTo(100, 4 * this.effectiveElectionMs + 8 * p95);
    this.silenceMs = upTo(1000, Math.max(PEER_READ_TIMEOUT_MS, this.failoverMs));
    this.serverRequestTimeoutMs = 5000 + 2 * this.effectiveElectionMs;
    this.peerDialTimeoutMs = 1000 + this.effectiveElectionMs;
    this.clientDialTimeoutMs = upTo(100, 4 * clientP95 + TWO_LOST_SYNS_MS);
    this.clientAttemptTimeoutMs = upTo(50, distances.worstWriteP95 + RETRANSMISSION_MS + QUEUES_AND_DISKS_MS);
    this.clientTotalTimeoutMs = this.failoverMs + 2 * this.clientAttemptTimeoutMs;
    this.clientKeepaliveTimeMs = 10_000;
    this.clientKeepaliveTimeoutMs = upTo(100, 3 * clientP95 + 2000);
    this.etcdctlCommandTimeoutMs = upTo(1000, this.serverRequestTimeoutMs + 3 * p95);
    this.startBudgetMs = upTo(
      1000,
      60_000 + props.memberLocations.length * this.serverRequestTimeoutMs + this.failoverMs,
    );
    this.rolloutHealthWaitMs = upTo(1000, this.startBudgetMs + this.failoverMs + 5 * this.etcdctlCommandTimeoutMs);
    this.slowRequestLogMs = upTo(100, Math.max(100, ALERT_HEADROOM * distances.worstWriteAtMemberP95));
    this.leaderSettleMs = upTo(1000, Math.max(45_000, 5 * this.serverRequestTimeoutMs));
    this.handoverPauseMs = 2 * this.clientAttemptTimeoutMs;
    this.peerRoundTripAlertMs = pathAlert(p95);
    this.commitAlertMs = alertAbove(p95, REQUEST_BUCKETS_MS);
    this.requestAlertMs = alertAbove(2 * p95, REQUEST_BUCKETS_MS);
    this.warnings = warningsAbout(props, distances);
  }

  /**
   * The same with clients in one more place: their deadlines cover the way from there too. What members go by stays as
   * it is.
   *
   * @throws ValidationError when a time from there to a member is not known
   */
  public withClientsAt(location: string): Tuning {
    const { clientLocations, ...props } = this.props;
    return Tuning.derive({ ...props, clientLocations: [...(clientLocations ?? []), location] });
  }

  /**
   * The same threshold as {@link Tuning.peerRoundTripAlertMs} for a single pair: a near peer that has become slow does not
   * reach that of the farthest.
   *
   * @throws ValidationError when the pair is not known
   */
  public peerRoundTripAlertBetweenMs(a: string, b: string): number {
    return pathAlert(this.props.roundTripTimes.p95Between(a, b));
  }
}

function distancesOf(props: TuningProps): Distances {
  const { roundTripTimes, memberLocations, clientLocations } = props;
  if (memberLocations.length === 0) {
    throw new ValidationError({
      what: "memberLocations",
      given: "none",
      expected: "one entry for each member",
      mend: "list the members' locations",
    });
  }
  const p95 = roundTripTimes.largestP95Among(memberLocations);
  const toClients = (clientLocations ?? []).flatMap((client) =>
    memberLocations.map((member) => roundTripTimes.p95Between(client, member)),
  );
  return {
    p95,
    median: roundTripTimes.largestAmong(memberLocations),
    clientP95: Math.max(p95, ...toClients),
    worstWriteP95: worstWriteP95(props, [...memberLocations, ...(clientLocations ?? [])]),
    worstWriteAtMemberP95: worstWriteP95(props, memberLocations),
    lossPercent: roundTripTimes.largestLossPercentAmong(memberLocations),
  };
}

/** From any of these places through the member nearest to it; every member may come to lead. */
function worstWriteP95({ roundTripTimes, memberLocations }: TuningProps, places: string[]): number {
  const quorum = new QuorumModel({ roundTripTimes, memberLocations });
  const writes = places.flatMap((place) => {
    const nearest = quorum.nearestMember(place);
    const way = roundTripTimes.p95Between(place, nearest);
    return memberLocations.map(
      (leader) => way + roundTripTimes.p95Between(nearest, leader) + quorum.commitP95Ms(leader),
    );
  });
  return Math.max(...writes);
}

/**
 * Within one place distance decides nothing, and etcd's defaults have the most mileage; what an election has to ride out
 * there is a disk that stalls. Beyond, the floors are close to the lowest timeouts that were measured, 580 and 460 ms.
 */
function derivedPulse(profile: TuningProfile, { median, p95, lossPercent }: Distances): Pulse {
  const onePlace = median <= ONE_PLACE_MS;
  // A heartbeat that is lost more often than rarely must have time to be sent again.
  const loss = lossPercent > HARMLESS_LOSS_PERCENT ? RETRANSMISSION_MS + p95 : 0;
  switch (profile) {
    case TuningProfile.BALANCED:
      return tenth(onePlace ? 1000 : upTo(10, Math.max(550, 2.5 * p95 + loss)));
    case TuningProfile.FAST:
      return tenth(onePlace ? 500 : upTo(10, Math.max(450, 2 * p95 + loss)));
    case TuningProfile.CONSERVATIVE:
      return tenth(10 * Math.max(100, upTo(1, median)));
  }
}

function tenth(electionMs: number): Pulse {
  return { electionMs, heartbeatMs: electionMs / USUAL_TICKS };
}

/** The user's values where given; what is left open follows the given one. */
function overridden(derived: Pulse, { heartbeatMs, electionMs }: TuningProps): Pulse {
  requireWholeMs("tuning: heartbeatMs", heartbeatMs, LEAST_HEARTBEAT_MS);
  requireWholeMs("tuning: electionMs", electionMs, LEAST_TICKS * LEAST_HEARTBEAT_MS);
  if (electionMs !== undefined) {
    const tick = Math.max(LEAST_HEARTBEAT_MS, Math.floor(electionMs / USUAL_TICKS));
    return { electionMs, heartbeatMs: heartbeatMs ?? tick };
  }
  if (heartbeatMs !== undefined) {
    return {
      heartbeatMs,
      electionMs: upTo(heartbeatMs, Math.max(derived.electionMs, USUAL_TICKS * heartbeatMs)),
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

function checkPulse(pulse: Pulse, distances: Distances): void {
  const { heartbeatMs, electionMs } = pulse;
  if (electionMs < LEAST_TICKS * heartbeatMs) {
    throw new ValidationError({
      what: "tuning: electionMs",
      given: `${electionMs} ms with a heartbeat of ${heartbeatMs} ms`,
      expected: `at least ${LEAST_TICKS} x the heartbeat, as etcd refuses to start with less`,
      mend: `raise it to ${LEAST_TICKS * heartbeatMs} or more, or give only one of the two`,
    });
  }
  if (electionMs > LARGEST_ELECTION_MS) {
    throw new ValidationError({
      what: "tuning: electionMs",
      given: `${electionMs} ms`,
      expected: `at most ${LARGEST_ELECTION_MS} ms, as etcd refuses to start with more`,
      mend: `lower it, or the heartbeat (at most ${LARGEST_ELECTION_MS / USUAL_TICKS} ms)`,
    });
  }
  const least = Math.ceil(LEAST_ROUND_TRIPS_PER_ELECTION * distances.median);
  if (effectiveElection(pulse) < least) {
    const counted =
      effectiveElection(pulse) === electionMs
        ? ""
        : ` (which etcd counts as ${effectiveElection(pulse)} ms, in whole heartbeats of ${heartbeatMs} ms)`;
    throw new ValidationError({
      what: "tuning: electionMs",
      given: `${electionMs} ms${counted}`,
      expected: `at least ${least} ms: ${LEAST_ROUND_TRIPS_PER_ELECTION} x the largest round trip between members, ${distances.median} ms`,
      mend: "raise it, leave it out to have it derived, or correct the round-trip times",
    });
  }
}

function effectiveElection({ heartbeatMs, electionMs }: Pulse): number {
  return Math.floor(electionMs / heartbeatMs) * heartbeatMs;
}

function warningsAbout(props: TuningProps, { lossPercent }: Distances): string[] {
  const estimated = props.roundTripTimes.estimatedAmong(props.memberLocations);
  const warnings: string[] = [];
  if (estimated.length > 0) {
    const names = estimated.map((pair) => `${pair.a}-${pair.b} (${pair.p50} ms)`).join(", ");
    warnings.push(`The round-trip times of ${names} are estimated from geography. Measure them once the cluster runs.`);
  }
  if (lossPercent > HARMLESS_LOSS_PERCENT) {
    warnings.push(
      `${lossPercent} % of packets are lost between members; up to ${HARMLESS_LOSS_PERCENT} % has been tried. ` +
        "Look for another path or region, or take TuningProfile.CONSERVATIVE.",
    );
  }
  return warnings;
}

/** Rounded up to a multiple of `step`; a hair above one, from floating point, counts as it. */
function upTo(step: number, value: number): number {
  return Math.ceil(value / step - 1e-9) * step;
}

/** A mean, not a quantile: buckets do not blur it. */
function pathAlert(p95: number): number {
  return Math.max(PUBLISHED_ALERT_MS / ROUND_TRIPS_IN_METRIC, Math.ceil(ALERT_HEADROOM * p95));
}

function alertAbove(p95: number, buckets: number[]): number {
  const wanted = ALERT_HEADROOM * p95;
  const bucket = buckets.find((bound) => bound >= wanted) ?? buckets[buckets.length - 1];
  return Math.max(PUBLISHED_ALERT_MS, Math.round(bucket * 10) / 10);
}
