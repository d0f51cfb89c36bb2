import type { Region } from "./regions";

/** Up to here a round trip depends above all on the equipment on its way, beyond on the length of the way. */
const SHORT_KM = 2000;

/** Two data centres in one city: DigitalOcean's own are 1-2 ms apart; the larger is the safe side. */
export const SAME_METRO_MS = 2;

/**
 * What geography says about the round trip of two places near each other, in whole ms: 5 ms + 1.8 x light in fibre. It
 * meets the published pairs of up to 2000 km within 10 ms, half of them within 2. Undefined for places farther apart.
 */
export function nearEstimate(a: Region, b: Region): number | undefined {
  return a.distanceKmTo(b) <= SHORT_KM ? Math.round(5 + 1.8 * a.lightRoundTripMsTo(b)) : undefined;
}

/** The time of another way that shares its cables with that of the two, in whole ms, by the ratio of the lengths. */
export function scaledEstimate(a: Region, b: Region, ms: number, other: readonly [Region, Region]): number {
  return Math.round((ms * a.distanceKmTo(b)) / other[0].distanceKmTo(other[1]));
}
