import { requestAlertMs, roundTripAlertMs, withHeadroom } from "./alert-thresholds";
import { list, read, required, shape, text } from "../validation";
import { EtcdTuningProps, TUNING_CHOICE } from "./etcd-tuning-props";
import type { HeartbeatAndElection } from "./heartbeat-and-election";
import {
  effectiveElectionMs,
  HARMLESS_LOSS_PERCENT,
  heartbeatAndElection,
  RETRANSMISSION_MS,
} from "./heartbeat-and-election";
import { ROUND_TRIP_TIMES } from "./quorum";
import type { RoundTripTimes } from "./round-trip-times";
import { roundUp } from "./round-up";
import type { TuningDistances } from "./tuning-distances";
import { distancesOf } from "./tuning-distances";
import { TuningProfile } from "./tuning-profile";

/** What a {@link Tuning} is derived from. */
export interface TuningProps extends EtcdTuningProps {
  /** The round-trip times. They must know each two of the members, and each client with each member. */
  readonly roundTripTimes: RoundTripTimes;
  /** Where the voting members are. */
  readonly memberLocations: string[];
  /**
   * Where clients are: their deadlines have to cover the way to the farthest member, which they may have to fall back
   * to.
   *
   * @default - no farther from the members than these are from each other
   */
  readonly clientLocations?: string[];
}

/** What {@link TuningProps} are made of. */
const TUNING = shape<TuningProps>({
  roundTripTimes: required(ROUND_TRIP_TIMES),
  memberLocations: required(list(text)),
  clientLocations: list(text),
  ...TUNING_CHOICE,
});

/** What queues and disks may add to a write before a client gives an attempt up. */
const QUEUES_AND_DISKS_MS = 100;
/** TCP sends a lost SYN again after 1 s, then after 2 s more (RFC 6298): long enough for two losses in a row. */
const TWO_LOST_SYNS_MS = 3000;
/** ConnReadTimeout in the source of etcd's rafthttp: 5 s. */
const PEER_READ_TIMEOUT_MS = 5000;

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
    read("", props, required(TUNING));
    const distances = distancesOf(props.roundTripTimes, props.memberLocations, props.clientLocations);
    const chosen = heartbeatAndElection(props.profile ?? TuningProfile.BALANCED, props, distances);
    return new Tuning(props, distances, chosen);
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
   * How long writes may stop after the loss of a leader, with up to two split votes in a row: 4 x election + 8 round
   * trips (p95). Three times the wait until the first of two followers stands for election, 1.3 election timeouts on
   * average; a round trip for each of three pre-votes, for the vote, for the new leader's first entry and for the
   * write; and two for jitter and the way to the leader. Three split votes in a row take longer: at 224 ms a third of
   * all votes are split (`npm run bench:split-votes`), so that is one loss in 25.
   */
  public readonly failoverMs: number;
  /**
   * How long the others must have heard nothing from a voter before it counts as dead: a failover, but at least the 5 s
   * after which etcd means to give up a stream without a heartbeat (in its source: ConnReadTimeout of rafthttp). Whole
   * seconds.
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
   * For one attempt of a client: the worst healthy write (from any client through the member nearest to it to any
   * leader, and that leader's commit, at p95) plus 300 ms: one lost TCP segment, which Linux sends again 200 ms beyond
   * the round trip, and 100 ms for queues and disks. Rounded up to 50 ms. Never less than a healthy write takes, and
   * short, because etcd silently drops a proposal that meets a transfer of leadership: such a write costs one attempt
   * and its repetition, where the server would keep it hanging for {@link Tuning.serverRequestTimeoutMs}. Only writes
   * guarded by a transaction on the revision are safe to repeat.
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
   * How long a leader must have been in place, and a better-placed member well, before leadership is moved there: 5 x
   * the request timeout and at least 45 s, as each transfer may leave writes hanging for a request timeout. Whole
   * seconds. With a boot before it and a look every 10 to 15 s, the leader is back within two minutes of its machine's
   * return (docs/benchmarks.md).
   */
  public readonly leaderSettleMs: number;
  /**
   * How long a member that has handed leadership over stays in service before it is stopped or removed: two attempts of
   * a client. By then the writes that the transfer dropped have been repeated, and the old leader has forwarded those
   * that others still sent to it. Without this pause writes met the transfer and then the restart: the longest took 1.4
   * and 2.3 s in two rolls.
   */
  public readonly handoverPauseMs: number;

  /**
   * Alert when the round trip to any peer is above this: 1.25 x the largest p95, at least 50 ms. To be compared with
   * half the mean of `etcd_network_peer_round_trip_time_seconds`, which is no round trip: etcd's two probers enter one
   * and three of them in turn (etcd-io/etcd#17837), so that its p99 is three. The published rules compare that with 150
   * ms, which is 50 ms a round trip, and always fire across continents.
   */
  public readonly peerRoundTripAlertMs: number;
  /**
   * Alert when the p99 of `grpc_server_handling_seconds` of puts and transactions at the leader is above this: the same
   * rule for the worst commit. (The published alerts on fsync and backend commit are about disks, and stay as they
   * are.)
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
    distances: TuningDistances,
    chosen: HeartbeatAndElection,
  ) {
    const { p95, clientP95 } = distances;
    this.heartbeatMs = chosen.heartbeatMs;
    this.electionMs = chosen.electionMs;
    this.effectiveElectionMs = effectiveElectionMs(chosen);
    this.failoverMs = roundUp(4 * this.effectiveElectionMs + 8 * p95, 100);
    this.silenceMs = roundUp(Math.max(PEER_READ_TIMEOUT_MS, this.failoverMs), 1000);
    this.serverRequestTimeoutMs = 5000 + 2 * this.effectiveElectionMs;
    this.peerDialTimeoutMs = 1000 + this.effectiveElectionMs;
    this.clientDialTimeoutMs = roundUp(4 * clientP95 + TWO_LOST_SYNS_MS, 100);
    this.clientAttemptTimeoutMs = roundUp(distances.worstWriteP95 + RETRANSMISSION_MS + QUEUES_AND_DISKS_MS, 50);
    this.clientTotalTimeoutMs = this.failoverMs + 2 * this.clientAttemptTimeoutMs;
    this.clientKeepaliveTimeMs = 10_000;
    this.clientKeepaliveTimeoutMs = roundUp(3 * clientP95 + 2000, 100);
    this.etcdctlCommandTimeoutMs = roundUp(this.serverRequestTimeoutMs + 3 * p95, 1000);
    this.startBudgetMs = roundUp(
      60_000 + props.memberLocations.length * this.serverRequestTimeoutMs + this.failoverMs,
      1000,
    );
    this.rolloutHealthWaitMs = roundUp(this.startBudgetMs + this.failoverMs + 5 * this.etcdctlCommandTimeoutMs, 1000);
    this.slowRequestLogMs = roundUp(Math.max(100, withHeadroom(distances.worstWriteAtMemberP95)), 100);
    this.leaderSettleMs = roundUp(Math.max(45_000, 5 * this.serverRequestTimeoutMs), 1000);
    this.handoverPauseMs = 2 * this.clientAttemptTimeoutMs;
    this.peerRoundTripAlertMs = roundTripAlertMs(p95);
    this.commitAlertMs = requestAlertMs(p95);
    this.requestAlertMs = requestAlertMs(2 * p95);
    this.warnings = warningsAbout(props, distances);
  }

  /**
   * The same with clients in one more place: their deadlines cover the way from there too. The members' settings stay
   * as they are.
   *
   * @throws ValidationError when a time from there to a member is not known
   */
  public withClientsAt(location: string): Tuning {
    const { clientLocations, ...props } = this.props;
    return Tuning.derive({ ...props, clientLocations: [...(clientLocations ?? []), location] });
  }

  /**
   * The same threshold as {@link Tuning.peerRoundTripAlertMs} for a single pair: a near peer that has become slow stays
   * below that of the farthest.
   *
   * @throws ValidationError when the pair is not known
   */
  public peerRoundTripAlertBetweenMs(a: string, b: string): number {
    return roundTripAlertMs(this.props.roundTripTimes.p95Between(a, b));
  }
}

function warningsAbout(props: TuningProps, { lossPercent }: TuningDistances): string[] {
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
