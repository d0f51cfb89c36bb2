import type { RoundTripTimes } from "./round-trip-times";

/**
 * Places by their distance from a location, the nearest first; equally near ones keep their order.
 *
 * @throws ValidationError when a time is missing, naming what may have been meant
 */
export function nearestFirst<Place extends { readonly location: string }>(
  roundTripTimes: RoundTripTimes,
  from: string,
  places: readonly Place[],
): Place[] {
  return [...places].sort(
    (a, b) => roundTripTimes.between(from, a.location) - roundTripTimes.between(from, b.location),
  );
}

/** The same for bare locations. */
export function nearestLocations(roundTripTimes: RoundTripTimes, from: string, locations: readonly string[]): string[] {
  const places = locations.map((location) => ({ location }));
  return nearestFirst(roundTripTimes, from, places).map(({ location }) => location);
}
