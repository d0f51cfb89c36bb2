import type { RoundTripTimes } from "./round-trip-times";

/**
 * One location per metro to choose from: those that are settled on already, else the newest data centre, which is the
 * one with the highest number.
 *
 * @internal
 */
export function onePerMetro(roundTripTimes: RoundTripTimes, settled: string[]): string[] {
  const metroOf = (location: string): string => roundTripTimes.region(location)?.metro ?? location;
  const metros = new Map<string, string>();
  for (const location of roundTripTimes.locations) {
    metros.set(metroOf(location), location);
  }
  for (const location of settled) {
    metros.delete(metroOf(location));
  }
  return [...new Set([...metros.values(), ...settled])].sort();
}
