import { RoundTripTimes, Tuning, TuningProfile } from "../../../lib/wan";
import { nearestFirst as placesNearestFirst } from "../../../lib/wan/nearest";
import type { NetworkCondition } from "../../rig/network";

/** The three continents that all of etcd's settings are compared on: 78, 167 and 224 ms. */
export const REGIONS = ["lon1", "nyc3", "sgp1"];
/** Where the leader is before its power fails: the best place, see QuorumModel. */
export const LEADER_REGION = "lon1";
/** With two more, for the model. */
export const FIVE_REGIONS = [...REGIONS, "sfo3", "ams3"];

export const TIMES = RoundTripTimes.digitalOcean();

/** A pair of timeouts and whose it is. */
export interface Setting {
  readonly name: string;
  /** What the library derives or, with both timeouts given, what it recommends around them. */
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

/** What others set; the library's default first. */
export const SETTINGS: readonly Setting[] = [
  profile(TuningProfile.BALANCED),
  others("seed article", 100, 2500),
  others("etcd's default", 100, 1000),
  others("etcd's guide, 1 x and 10 x RTT", LARGEST_RTT_MS, 10 * LARGEST_RTT_MS),
  others("kubespray", 250, 5000),
];

/** Distance and nothing else. */
export const CALM: NetworkCondition = { name: "calm", regions: REGIONS };

/** The same with five locations. */
export const CALM_FIVE: NetworkCondition = { name: "calm5", regions: FIVE_REGIONS };

/** From an ordinary to a bad day on long paths: packets lost, and the mean jitter of a round trip. */
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

/** All members' regions, the nearest to a client first: the order of endpoints that the library hands out. */
export function nearestFirst(client: string, regions: readonly string[]): string[] {
  const places = regions.map((location) => ({ location }));
  return placesNearestFirst(TIMES, client, places).map(({ location }) => location);
}
