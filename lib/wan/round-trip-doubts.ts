import { Region } from "./regions";
import type { RoundTripTimePair } from "./round-trip-time-pair";
import { directionsAgree, FEW_SAMPLES } from "./round-trip-time-pair";

/** Paths change as cables are laid and contracts end. After half a year the times should be measured again. */
const STALE_DAYS = 180;

const DAY_MS = 86_400_000;

/**
 * What looks wrong about round-trip times that can still be worked with; each doubt says what to do about it.
 *
 * @param places the regions that are known, by slug
 */
export function roundTripDoubts(pairs: RoundTripTimePair[], places: ReadonlyMap<string, Region>): string[] {
  return [...pairs.flatMap((pair) => [...lightDoubt(pair, places), ...sampleDoubt(pair)]), ...mapDoubt(pairs, places)];
}

/** The two directions of a pair differ by more than two measurements of one path do. */
export function directionDoubt(before: RoundTripTimePair, given: RoundTripTimePair): string[] {
  if (directionsAgree(Math.min(before.p50, given.p50), Math.max(before.p50, given.p50))) return [];
  return [
    `${given.a}-${given.b}: the two directions were given as ${before.p50} and ${given.p50} ms; the larger counts. Measure again, or keep one.`,
  ];
}

/** A file's times are older than half a year, or from the future by more than time zones explain. */
export function ageDoubt(file: string, measuredAt: string | undefined): string[] {
  const days = measuredAt === undefined ? 0 : Math.floor((Date.now() - Date.parse(measuredAt)) / DAY_MS);
  if (days >= -1 && days <= STALE_DAYS) return [];
  return days > STALE_DAYS
    ? [`${file}: measured ${days} days ago. Paths change: measure again with npx cdktf-etcd measure.`]
    : [`${file}: measured in the future, at ${measuredAt ?? ""}. Look at that machine's clock, and measure again.`];
}

function lightDoubt({ a, b, p50 }: RoundTripTimePair, places: ReadonlyMap<string, Region>): string[] {
  const [from, to] = [places.get(a), places.get(b)];
  const light = from === undefined || to === undefined ? 0 : from.lightRoundTripMsTo(to);
  if (p50 >= light) return [];
  return [
    `${a}-${b}: ${p50} ms is faster than light in fibre, which takes ${light.toFixed(0)} ms there and back. ` +
      "Check the unit and the names, or measure again.",
  ];
}

function sampleDoubt({ a, b, p95, samples }: RoundTripTimePair): string[] {
  // 0 samples stand for an unknown number of them.
  if (p95 === undefined || samples === undefined || samples === 0 || samples >= FEW_SAMPLES) return [];
  return [`${a}-${b}: a p95 of ${samples} samples says little. Measure at least ${FEW_SAMPLES} round trips.`];
}

function mapDoubt(pairs: RoundTripTimePair[], places: ReadonlyMap<string, Region>): string[] {
  const locations = [...new Set(pairs.flatMap(({ a, b }) => [a, b]))].sort();
  const unplaced = locations.filter((location) => !places.has(location));
  if (unplaced.length === 0) return [];
  const hints = [...new Set(unplaced.flatMap((location) => Region.near(location)))];
  return [
    `${unplaced.join(", ")}: not on the map, so without a continent and without a check against the speed of light. ` +
      (hints.length > 0 ? `If ${hints.join(" or ")} was meant, correct it; ` : "") +
      "for another cloud's, describe them: { regions: [new Region({...})] }.",
  ];
}
