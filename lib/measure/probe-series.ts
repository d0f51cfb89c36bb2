import type { Histogram } from "./member-metrics";

/*
 * What etcd's own metric holds is not a round trip; this is what it is (server/etcdserver/api/rafthttp/probing_status.go
 * and github.com/xiang90/probing, the same in etcd 3.5 to 3.7; etcd-io/etcd#17837):
 *
 * - Each member has two probers for each peer, and both GET /raft/probing every 4 s. The one for snapshots keeps its
 *   connection: one round trip. The one for Raft messages has a transport that keeps none, so each of its probes opens a
 *   connection: TCP, TLS 1.3 and the request, three round trips.
 * - Every 30 s, at the same moment, each of the two enters its average into the one histogram; every 5 s as long as its last
 *   probe failed, and then an average that has not changed since. The average is smoothed: 1/8 of the new probe, 7/8 of the old
 *   average, beginning from 0.
 *
 * So two observations that come together are r and 3 r, and a quarter of their sum is r.
 */

/** Between two entries of a healthy peer, in seconds: etcd's statusMonitoringInterval. */
export const OBSERVATION_SECONDS = 30;

/** Entries that come together: one of each prober. */
const PROBERS = 2;

/** Round trips in the two averages together: a request, and a connection with a request. */
const ROUND_TRIPS_PER_PROBER_PAIR = 1 + 3;

/**
 * Entries that a histogram must have before the average is near the truth: 5 of each prober, after 5, 35, 65, 95 and 125 s. The
 * next comes after 155 s and 38 probes, and (7/8)^38 = 0.6 % of the average is then still missing.
 */
const SETTLED_COUNT = 5 * PROBERS;

/** After how many seconds of running, at the latest, a member's averages have settled. */
export const SETTLED_SECONDS = 155;

/** How far a value may lie outside of a bucket and still belong to it: computing the handshake takes time too. */
const BUCKET_TOLERANCE = 0.1;

/** Why a direction has no reading. */
export enum NoReading {
  /** Nothing was entered while we looked. */
  NONE_YET = "none yet",
  /** The average is still on its way up from 0. */
  UNSETTLED = "unsettled",
  /** The prober's last probes failed, so its average is an old one. */
  UNHEALTHY = "unhealthy",
  /** The entries are not one and three round trips: another version of TLS or of etcd. */
  UNEXPECTED = "unexpected",
}

/** The round trips from one member to one peer, as its histogram lets them be seen while it is watched. */
export class ProbeSeries {
  /** The readings, each the smoothed round trip at that moment, in milliseconds. */
  public readonly readings: number[] = [];
  private reason: NoReading = NoReading.NONE_YET;
  private base?: Histogram;
  private lastChange?: number;

  /** Takes the histogram as it is at `seconds`, on any clock that only goes forward. */
  public take(now: Histogram, active: boolean, seconds: number): void {
    const base = this.base;
    // The first look; or etcd was restarted, or knows the peer anew.
    if (base === undefined || now.count < base.count) {
      this.base = now;
      this.lastChange = undefined;
      return;
    }
    const added = now.count - base.count;
    // An odd number: the second prober's entry is only just being made.
    if (added === 0 || added % PROBERS !== 0) return;
    this.base = now;
    const since = this.lastChange === undefined ? Infinity : seconds - this.lastChange;
    this.lastChange = seconds;
    const reading = (now.sumMs - base.sumMs) / ((added / PROBERS) * ROUND_TRIPS_PER_PROBER_PAIR);
    if (!active || since < OBSERVATION_SECONDS / 2) this.reason = NoReading.UNHEALTHY;
    else if (base.count < SETTLED_COUNT) this.reason = NoReading.UNSETTLED;
    else if (!fits(base, now, reading)) this.reason = NoReading.UNEXPECTED;
    else this.readings.push(reading);
  }

  /** Why there is no reading; undefined where there is one. */
  public get noReading(): NoReading | undefined {
    return this.readings.length > 0 ? undefined : this.reason;
  }

  /** Whether the average was still moving by more than a tenth while we looked: the path changed minutes ago. */
  public get moving(): boolean {
    const last = this.readings.at(-1) ?? 0;
    return this.readings.some((reading) => Math.abs(reading - last) > 0.1 * last);
  }
}

/** Whether one half of the new entries may be `reading`, and the other three times that. */
function fits(base: Histogram, now: Histogram, reading: number): boolean {
  const half = (now.count - base.count) / PROBERS;
  const before = (upToMs: number): number => base.buckets.find((bucket) => bucket.upToMs === upToMs)?.count ?? 0;
  let [lower, seen] = [0, 0];
  for (const { upToMs, count } of now.buckets) {
    const upTo = count - before(upToMs);
    for (let entry = seen; entry < upTo; entry++) {
      const value = entry < half ? reading : 3 * reading;
      if (value < lower * (1 - BUCKET_TOLERANCE) || value > upToMs * (1 + BUCKET_TOLERANCE)) return false;
    }
    seen = upTo;
    lower = upToMs;
  }
  return true;
}
