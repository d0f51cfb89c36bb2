import type { ClientLocation } from "./client-location";
import { nearestLocations } from "./nearest";
import type { RoundTripTimes } from "./round-trip-times";

/** Farther than across the Atlantic: clients there are on a continent without a member. */
const FAR_MS = 100;

/** What a cluster is about to be tuned for. */
export interface TunedInput {
  readonly roundTripTimes: RoundTripTimes;
  /** The cluster's path in its app. */
  readonly cluster: string;
  readonly memberLocations: readonly string[];
  readonly clients: readonly ClientLocation[];
}

/** What is doubtful about a cluster's distances, though it can be worked with; each says what to do about it. */
export function inputDoubts({ roundTripTimes, cluster, memberLocations, clients }: TunedInput): string[] {
  const measuredOn = roundTripTimes.cluster ?? cluster;
  const otherCluster =
    measuredOn === cluster
      ? []
      : [
          `the round-trip times were measured on the cluster ${measuredOn}, and this is ${cluster}. ` +
            "Measure this one: npx cdktf-etcd measure",
        ];
  return [
    ...roundTripTimes.warnings,
    ...otherCluster,
    ...clients.flatMap((client) => farFrom(client, memberLocations, roundTripTimes)),
  ];
}

function farFrom({ location, weight }: ClientLocation, members: readonly string[], times: RoundTripTimes): string[] {
  const [nearest] = nearestLocations(times, location, members);
  const ms = times.between(location, nearest);
  if (ms <= FAR_MS || weight === 0) return [];
  return [
    `clients in ${location} (weight ${weight ?? 1}) are ${ms} ms from ${nearest}, the nearest member, on top of every write. ` +
      "Put a member near them, or leave them out if it is a slip",
  ];
}
