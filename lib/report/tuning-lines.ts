import { ONE_PLACE_MS } from "../wan/heartbeat-and-election";
import type { TuningProps } from "../wan/tuning";
import { Tuning } from "../wan/tuning";
import { TuningProfile } from "../wan/tuning-profile";

/** One timeout or threshold, and why it is what it is. */
export interface TuningLine {
  readonly setting: string;
  readonly ms: number;
  readonly reason: string;
}

/** What an operator or a client's author needs of a tuning; `derived` is the same without the values given by hand. */
export function tuningLines(tuning: Tuning, derived: Tuning, props: TuningProps): TuningLine[] {
  const { roundTripTimes, memberLocations } = props;
  const p95 = ms(roundTripTimes.largestP95Among(memberLocations));
  const line = (setting: string, value: number, reason: string): TuningLine => ({ setting, ms: value, reason });
  return [
    line(
      "heartbeat interval",
      tuning.heartbeatMs,
      tuning.heartbeatMs === tuning.electionMs / 10 ? "a tenth of the election timeout" : "given by hand",
    ),
    line(
      "election timeout",
      tuning.electionMs,
      tuning.electionMs === derived.electionMs ? electionReason(props, p95) : "given by hand, or follows the heartbeat",
    ),
    line(
      "failover, at worst",
      tuning.failoverMs,
      "4 × the election timeout and 8 round trips: two split votes in a row",
    ),
    line(
      "client: dial timeout",
      tuning.clientDialTimeoutMs,
      "4 round trips to the farthest member, and two lost SYNs (3 s)",
    ),
    line(
      "client: one attempt",
      tuning.clientAttemptTimeoutMs,
      "the worst healthy write, p95, and 300 ms for a lost segment, queues and disks",
    ),
    line(
      "client: all attempts",
      tuning.clientTotalTimeoutMs,
      "an attempt that hangs, a failover, and one that succeeds",
    ),
    line(
      "client: keepalive time",
      tuning.clientKeepaliveTimeMs,
      "the least that Go's gRPC sends; etcd cuts off clients below 5 s",
    ),
    line(
      "client: keepalive timeout",
      tuning.clientKeepaliveTimeoutMs,
      "3 round trips and 2 s: two lost segments do not cut it",
    ),
    line(
      "server: request timeout",
      tuning.serverRequestTimeoutMs,
      "etcd's own, from its source: 5 s + 2 × the election timeout",
    ),
    line(
      "etcdctl --command-timeout",
      tuning.etcdctlCommandTimeoutMs,
      "the server's request timeout and the way there and back, so that the server's own error is seen",
    ),
    line(
      "log: slow request",
      tuning.slowRequestLogMs,
      "1.25 × the worst healthy request at a member, p95, where etcd's 100 ms would log every one",
    ),
    line(
      "alert: peer round trip",
      tuning.peerRoundTripAlertMs,
      `1.25 × the largest p95, ${p95} ms; to be held against half the mean of etcd's metric`,
    ),
    line(
      "alert: commit, p99",
      tuning.commitAlertMs,
      "puts and transactions at the leader: the histogram's bucket that holds 1.25 × the worst commit",
    ),
    line("alert: request, p99", tuning.requestAlertMs, "the same rule for forwarding to the leader and commit"),
  ];
}

function electionReason({ roundTripTimes, memberLocations, profile }: TuningProps, p95: string): string {
  const median = roundTripTimes.largestAmong(memberLocations);
  if (median <= ONE_PLACE_MS) {
    return `all members within one city: ${profile === TuningProfile.FAST ? "half of etcd's default" : "etcd's default"}`;
  }
  switch (profile ?? TuningProfile.BALANCED) {
    case TuningProfile.BALANCED:
      return `2.5 × the largest p95 round trip, ${p95} ms; at least 550 ms`;
    case TuningProfile.FAST:
      return `2 × the largest p95 round trip, ${p95} ms; at least 450 ms`;
    case TuningProfile.CONSERVATIVE:
      return `etcd's guide: 10 × the largest median round trip, ${ms(median)} ms; at least 1000 ms`;
  }
}

/** To a tenth, as fractions of a millisecond are noise here. */
function ms(value: number): string {
  return String(Math.round(value * 10) / 10);
}
