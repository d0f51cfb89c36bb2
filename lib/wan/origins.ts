import type { RoundTripTimePair } from "./round-trip-time-pair";
import { keyOf, pairsAmong } from "./round-trip-time-pair";

/** Where some of a table's pairs come from. A table has them in order: of two that have a pair, the first is its own. */
export interface Origin {
  readonly source: string;
  readonly measuredAt?: string;
  /** The pairs, by `keyOf`. */
  readonly keys: ReadonlySet<string>;
}

/** The origin of the given pairs. */
export function originOf(pairs: readonly RoundTripTimePair[], source: string, measuredAt?: string): Origin {
  return { source, measuredAt, keys: new Set(pairs.map(({ a, b }) => keyOf(a, b))) };
}

/** The sources of origins in words, each once. */
export function sourceOf(origins: readonly Origin[]): string {
  return [...new Set(origins.map(({ source }) => source))].join("; the rest: ");
}

/** Those origins that pairs among the given locations are of; for a single location the first that knows it. */
export function originsAmong(origins: readonly Origin[], locations: readonly string[]): Origin[] {
  const places = new Set(locations);
  const own = new Set(pairsAmong(locations).map(({ a, b }) => origins.find(({ keys }) => keys.has(keyOf(a, b)))));
  const found = origins.filter((origin) => own.has(origin));
  if (found.length > 0) return found;
  return origins
    .filter(({ keys }) => [...keys].some((key) => key.split("\n").some((end) => places.has(end))))
    .slice(0, 1);
}
