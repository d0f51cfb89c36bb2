import { RoundTripTimes, Tuning, TuningProfile } from "../../../lib/wan";
import { nearestFirst as placesNearestFirst } from "../../../lib/wan/nearest";
import type { NetworkCondition } from "../../rig/network";

/** The three regions in which settings are compared, with round trips of 78, 167 and 224 ms. */
export const REGIONS = ["lon1", "nyc3", "sgp1"];
/** The leader's region before its power fails: the best one, see QuorumModel. */
export const LEADER_REGION = "lon1";
/** Five regions, for latencies. */
export const FIVE_REGIONS = [...REGIONS, "sfo3", "ams3"];

export const TIMES = RoundTripTimes.digitalOcean();

/** A pair of timeouts, named after who uses it. */
export interface Setting {
  readonly name: string;
  /** The library's tuning: its own timeouts, or with given timeouts the settings that go with them. */
  readonly tuning: Tuning;
}

function profile(name: TuningProfile): Setting {
  return { name, tuning: Tuning.derive({ roundTripTimes: TIMES, memberLocations: REGIONS, profile: name }) };
}

function others(name: string, heartbeatMs: number, electionMs: number): Setting {
  return {
    name,
    tuning: Tuning.derive({ roundTripTimes: TIMES, memberLocations: REGIONS, heartbeatMs, electionMs }),
  };
}

export const PROFILES: readonly Setting[] = [
  TuningProfile.BALANCED,
  TuningProfile.FAST,
  TuningProfile.CONSERVATIVE,
].map(profile);

const LARGEST_RTT_MS = TIMES.largestAmong(REGIONS);

/** Timeouts to compare: the library's default first, then others'. */
export const SETTINGS: readonly Setting[] = [
  profile(TuningProfile.BALANCED),
  others("seed article", 100, 2500),
  others("etcd's default", 100, 1000),
  others("etcd's guide, 1 x and 10 x RTT", LARGEST_RTT_MS, 10 * LARGEST_RTT_MS),
  others("kubespray", 250, 5000),
];

/** Neither loss nor jitter. */
export const CALM: NetworkCondition = { name: "calm", regions: REGIONS };

/** The same with five locations. */
export const CALM_FIVE: NetworkCondition = { name: "calm5", regions: FIVE_REGIONS };

/** Loss and mean jitter of a round trip on long paths, from an ordinary day to a bad one. */
export const CONDITIONS: readonly NetworkCondition[] = [
  { name: "good", regions: REGIONS, lossPercent: 0.1, jitterMs: 3 },
  { name: "fair", regions: REGIONS, lossPercent: 1, jitterMs: 10 },
  { name: "bad", regions: REGIONS, lossPercent: 3, jitterMs: 20 },
];

export function timeouts({ tuning }: Setting): string {
  return `${tuning.heartbeatMs}/${tuning.electionMs}`;
}

export function lossAndJitter({ lossPercent = 0, jitterMs = 0 }: NetworkCondition): string {
  return `${lossPercent} %, ${jitterMs} ms`;
}

/** The regions, nearest to the client first: the order of endpoints in the library's client settings. */
export function nearestFirst(client: string, regions: readonly string[]): string[] {
  const places = regions.map((location) => ({ location }));
  return placesNearestFirst(TIMES, client, places).map(({ location }) => location);
}
