import { Region } from "./regions";
import type { RoundTripTimes } from "./round-trip-times";

/** Stands for the built-in metropolitan areas where a cloud's name may stand. */
export const METROS_ALONE = "metros";

/** The cloud of a built-in region, {@link METROS_ALONE} for a metropolitan area by itself; undefined for what is not built in. */
function builtInCloud(roundTripTimes: RoundTripTimes, location: string): string | undefined {
  const region = roundTripTimes.region(location);
  return region === undefined || region !== Region.find(location) ? undefined : (region.cloud ?? METROS_ALONE);
}

/**
 * The clouds that the given locations are of, as far as they are built in.
 *
 * @internal
 */
export function cloudsOf(roundTripTimes: RoundTripTimes, locations: readonly string[]): string[] {
  return [...new Set(locations.flatMap((location) => builtInCloud(roundTripTimes, location) ?? []))];
}

/**
 * One location per metro to choose from: those that are settled on already, else the newest data centre, which is the
 * one with the highest number. Built-in ones are of the given clouds; those that a user added are always among them.
 *
 * @param clouds none for all
 * @internal
 */
export function onePerMetro(roundTripTimes: RoundTripTimes, settled: string[], clouds: readonly string[]): string[] {
  const metroOf = (location: string): string => roundTripTimes.region(location)?.metro ?? location;
  const metros = new Map<string, string>();
  const within = roundTripTimes.locations
    .map((location) => ({ location, cloud: builtInCloud(roundTripTimes, location) }))
    .filter(({ cloud }) => cloud === undefined || clouds.length === 0 || clouds.includes(cloud));
  // A cloud's region stands for its metro rather than the bare name does: so much is known of it.
  const bareFirst = [
    ...within.filter(({ cloud }) => cloud === METROS_ALONE),
    ...within.filter(({ cloud }) => cloud !== METROS_ALONE),
  ];
  for (const { location } of bareFirst) {
    metros.set(metroOf(location), location);
  }
  for (const location of settled) {
    metros.delete(metroOf(location));
  }
  return [...new Set([...metros.values(), ...settled])].sort();
}
