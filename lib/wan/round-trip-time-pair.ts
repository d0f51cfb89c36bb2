import { flag, number, required, shape, text } from "../validation";
import { ValidationError } from "../validation-error";

/** The round-trip time between two locations. The order of the two does not matter. */
export interface RoundTripTimePair {
  /** One location: a region's slug, or any name of your own. */
  readonly a: string;
  /** The other location. The same name twice is the time between two machines in one place. */
  readonly b: string;
  /** Median round-trip time in milliseconds. Measured (`measure`, ping, etcd's own metric) or published by the cloud. */
  readonly p50: number;
  /**
   * 95th percentile of the round-trip time in milliseconds.
   *
   * @default - p50 x 1.1: of the three pairs for which the built-in source gives both, the largest ratio (183 / 167)
   */
  readonly p95?: number;
  /**
   * How many round trips were measured; 0 where nobody counted.
   *
   * @default - not known
   */
  readonly samples?: number;
  /**
   * Packets lost on the way, in percent.
   *
   * @default 0
   */
  readonly lossPercent?: number;
  /**
   * True where the number was worked out from geography rather than measured.
   *
   * @default false
   */
  readonly estimated?: boolean;
  /**
   * How it was measured, in words, for readers of the file.
   *
   * @default - not known
   */
  readonly method?: string;
}

/** What a {@link RoundTripTimePair} is made of. */
export const ROUND_TRIP_TIME_PAIR = shape<RoundTripTimePair>({
  a: required(text),
  b: required(text),
  p50: required(number),
  p95: number,
  samples: number,
  lossPercent: number,
  estimated: flag,
  method: text,
});

/** Longer than any round trip on earth (600 ms by geostationary satellite): above this the unit must be wrong. */
const LONGEST_MS = 2000;

/** See {@link RoundTripTimePair.p95}. */
const P95_PER_P50 = 1.1;

/** The 95th percentile of fewer samples is simply their maximum. */
export const FEW_SAMPLES = 20;

/** Names a pair: the same for both orders of its locations. */
export function keyOf(a: string, b: string): string {
  return a < b ? `${a}\n${b}` : `${b}\n${a}`;
}

/** Each two of the locations, each pair once. A location that is listed twice is also paired with itself. */
export function pairsAmong(locations: readonly string[]): Pick<RoundTripTimePair, "a" | "b">[] {
  if (locations.length === 1) {
    // So that a single location still has to be a known one.
    return [{ a: locations[0], b: locations[0] }];
  }
  const pairs = locations.flatMap((a, index) => locations.slice(index + 1).map((b) => ({ a, b })));
  return [...new Map(pairs.map((pair) => [keyOf(pair.a, pair.b), pair])).values()];
}

/** The pair's 95th percentile in milliseconds, given or by default. */
export function p95Of(pair: RoundTripTimePair): number {
  return pair.p95 ?? pair.p50 * P95_PER_P50;
}

/** Whether the medians of a pair's two directions differ no more than two measurements of one path do. */
export function directionsAgree(smallerMs: number, largerMs: number): boolean {
  return largerMs <= 1.1 * smallerMs || largerMs - smallerMs <= 2;
}

/**
 * One pair made of its two directions: the larger median with all that belongs to it, and the larger p95 and loss.
 *
 * @throws ValidationError when the medians differ by more than a factor of two, and by more than 10 ms
 */
export function mergeDirections(before: RoundTripTimePair, given: RoundTripTimePair): RoundTripTimePair {
  const [small, large] = before.p50 <= given.p50 ? [before, given] : [given, before];
  if (large.p50 > 2 * small.p50 && large.p50 - small.p50 > 10) {
    throw new ValidationError({
      what: `round-trip time ${given.a}-${given.b}`,
      given: `both ${before.p50} ms and ${given.p50} ms`,
      expected: "one value, or one for each direction that agree",
      mend: "keep the right one",
    });
  }
  return {
    ...large,
    p95: Math.max(p95Of(large), p95Of(small)),
    lossPercent: Math.max(large.lossPercent ?? 0, small.lossPercent ?? 0),
  };
}

/** @throws ValidationError when a location has no name, or a number of the pair cannot be true */
export function checkPair(pair: RoundTripTimePair): void {
  const name = `round-trip time ${pair.a}-${pair.b}`;
  if (pair.a.trim() === "" || pair.b.trim() === "") {
    throw new ValidationError({
      what: "round-trip time",
      given: `a pair of ${JSON.stringify(pair.a)} and ${JSON.stringify(pair.b)}`,
      expected: "two locations",
      mend: "name both",
    });
  }
  checkMilliseconds(`${name}: p50`, pair.p50);
  if (pair.p95 !== undefined) {
    checkMilliseconds(`${name}: p95`, pair.p95);
    if (pair.p95 < pair.p50) {
      throw new ValidationError({
        what: `${name}: p95`,
        given: `${pair.p95} ms`,
        expected: `at least the p50, ${pair.p50} ms`,
        mend: "swap the two, or leave p95 out",
      });
    }
  }
  if (pair.samples !== undefined && !(Number.isInteger(pair.samples) && pair.samples >= 0)) {
    throw new ValidationError({
      what: `${name}: samples`,
      given: `${pair.samples}`,
      expected: "a whole number, 0 or more",
      mend: "give the number of round trips that were measured, or leave it out",
    });
  }
  if (pair.lossPercent !== undefined && !(pair.lossPercent >= 0 && pair.lossPercent <= 50)) {
    throw new ValidationError({
      what: `${name}: lossPercent`,
      given: `${pair.lossPercent}`,
      expected: "a percentage from 0 to 50",
      mend: "give percent, not a fraction; a path that loses more than half carries no cluster",
    });
  }
}

function checkMilliseconds(what: string, value: number): void {
  if (!(value > 0 && value <= LONGEST_MS)) {
    throw new ValidationError({
      what,
      given: `${value} ms`,
      expected: `more than 0 and at most ${LONGEST_MS} ms`,
      mend: "give milliseconds; within one location leave the pair out",
    });
  }
}
