import { readFileSync } from "node:fs";

import { ValidationError } from "../validation-error";
import { DIGITAL_OCEAN_MEASURED_AT, DIGITAL_OCEAN_SOURCE, digitalOceanPairs } from "./digital-ocean-times";
import { didYouMean, nearMatches } from "./near-matches";
import { Region } from "./regions";
import { readRoundTripTimesFile, writeRoundTripTimesFile } from "./round-trip-times-file";

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

/** What is known about a set of round-trip times besides the times. */
export interface RoundTripTimesOptions {
  /**
   * Where the locations are, for those that are not regions of DigitalOcean. Gives them a continent, a city for
   * sentences and a check against the speed of light.
   *
   * @default - only DigitalOcean's regions have a place on the map
   */
  readonly regions?: Region[];
  /**
   * Where the numbers come from, in words, for reports.
   *
   * @default "given in code"
   */
  readonly source?: string;
  /**
   * When they were measured: an ISO 8601 date or time.
   *
   * @default - not known
   */
  readonly measuredAt?: string;
  /**
   * The path of the `EtcdCluster` in its app that they were measured on, such as `etcd/etcd`: a file of another cluster is
   * noticed by it.
   *
   * @default - not measured on a cluster
   */
  readonly cluster?: string;
  /**
   * The id of the etcd cluster they were read off, in hexadecimal, as `etcdctl member list` prints it.
   *
   * @default - not read off a cluster
   */
  readonly clusterId?: string;
}

/** Above this a number is not a round trip on earth but the wrong unit: geostationary satellites take 600 ms. */
const ABSURD_MS = 2000;

/** See {@link RoundTripTimePair.p95}. */
const P95_PER_P50 = 1.1;

/** Paths change with the seasons of cables and contracts: after half a year a measurement is history. */
const STALE_DAYS = 180;

const DAY_MS = 86_400_000;

/** A 95th percentile of fewer samples is its maximum. */
const FEW_SAMPLES = 20;

/**
 * Round-trip times between locations, in milliseconds: what every other number in this library that depends on distance
 * is derived from.
 *
 * Immutable: {@link RoundTripTimes.withPairs} gives a new one. Two machines in one location count as 0 ms apart (really
 * 0.3-1 ms: below what matters across continents) unless a pair with the same name twice says otherwise.
 */
export class RoundTripTimes {
  private static builtIn?: RoundTripTimes;

  /**
   * The built-in table for all of DigitalOcean's regions. {@link RoundTripTimes.source} names its source: published
   * numbers of another cloud between the same cities. Good enough to choose regions by; measure once the cluster runs.
   */
  public static digitalOcean(): RoundTripTimes {
    RoundTripTimes.builtIn ??= RoundTripTimes.of(digitalOceanPairs(), {
      source: DIGITAL_OCEAN_SOURCE,
      measuredAt: DIGITAL_OCEAN_MEASURED_AT,
    });
    return RoundTripTimes.builtIn;
  }

  /**
   * Your own values.
   *
   * A pair may be given once per direction; the larger of the two counts.
   *
   * @throws ValidationError when a time is not above 0, above 2000 ms, or a p95 below its p50; when the two directions
   *   of a pair differ by more than a factor of two; when there is no pair at all
   */
  public static of(pairs: RoundTripTimePair[], options?: RoundTripTimesOptions): RoundTripTimes {
    if (pairs.length === 0) {
      throw new ValidationError({
        what: "round-trip times",
        given: "no pair",
        expected: "one for each two locations",
        mend: 'give pairs such as { a: "lon1", b: "nyc3", p50: 78 }, or use RoundTripTimes.digitalOcean()',
      });
    }
    return new RoundTripTimes(pairs, options ?? {});
  }

  /**
   * A file that `measure` wrote, or one by hand: JSON of the form
   *
   * ```json
   * {
   *   "schema": "cdktf-etcd/round-trip-times",
   *   "version": 1,
   *   "cluster": "etcd/etcd",
   *   "clusterId": "cdf818194e3a8c32",
   *   "measuredAt": "2026-11-22T14:00:00Z",
   *   "source": "cdktf-etcd measure, over 65 s",
   *   "regions": [],
   *   "pairs": [{ "a": "lon1", "b": "nyc3", "p50": 78.2, "p95": 80.1, "samples": 8640, "lossPercent": 0.1 }]
   * }
   * ```
   *
   * Times are in milliseconds. `schema`, `version`, `measuredAt` and `pairs` are required, as are `a`, `b`, `p50` and
   * `samples` of each pair; `cluster` and `clusterId` say which cluster the file was measured on; `regions` takes the same
   * fields as `new Region({...})`. A file that is older than 180 days gives a warning.
   *
   * @throws ValidationError when the file cannot be read or does not have that form, and as {@link RoundTripTimes.of}
   */
  public static fromFile(path: string): RoundTripTimes {
    let text: string;
    try {
      text = readFileSync(path, "utf8");
    } catch (error) {
      throw new ValidationError({
        what: "round-trip times file",
        given: path,
        expected: "a file that can be read",
        mend: `check the path and its permissions (${error instanceof Error ? error.message : String(error)})`,
      });
    }
    return RoundTripTimes.parse(text, path);
  }

  /**
   * The same as {@link RoundTripTimes.fromFile} for text that is already at hand.
   *
   * @throws ValidationError when the text does not have that form, and as {@link RoundTripTimes.of}
   */
  public static fromJson(text: string): RoundTripTimes {
    return RoundTripTimes.parse(text, "round-trip times");
  }

  private static parse(text: string, name: string): RoundTripTimes {
    const file = readRoundTripTimesFile(text, name);
    const times = RoundTripTimes.of(file.pairs, file.options);
    times.warnings.push(...staleness(name, file.options.measuredAt));
    return times;
  }

  /** Where the numbers come from, in words. */
  public readonly source: string;
  /** When they were measured (ISO 8601), where known. */
  public readonly measuredAt?: string;
  /** The path in its app of the cluster they were measured on, where they were. */
  public readonly cluster?: string;
  /** The id of the cluster they were read off, where they were. */
  public readonly clusterId?: string;
  /** All locations, sorted by name. */
  public readonly locations: string[];
  /** What looks wrong but can be worked with; each says what to do about it. */
  public readonly warnings: string[];

  private readonly times = new Map<string, RoundTripTimePair>();
  private readonly places = new Map<string, Region>();

  private constructor(pairs: RoundTripTimePair[], options: RoundTripTimesOptions) {
    checkOptions(options);
    this.source = options.source ?? "given in code";
    this.measuredAt = options.measuredAt;
    this.cluster = options.cluster;
    this.clusterId = options.clusterId;
    for (const region of [...Region.all(), ...(options.regions ?? [])]) {
      this.places.set(region.slug, region);
    }
    const warnings: string[] = [];
    for (const given of pairs) {
      checkPair(given);
      this.times.set(keyOf(given.a, given.b), this.merge(given, warnings));
    }
    this.locations = [...new Set(pairs.flatMap((given) => [given.a, given.b]))].sort();
    this.warnings = [...warnings, ...this.doubts()];
  }

  /**
   * The same times with some of them replaced, or with locations added. A replaced pair keeps nothing of the old one.
   *
   * @throws ValidationError as {@link RoundTripTimes.of}
   */
  public withPairs(pairs: RoundTripTimePair[], options?: RoundTripTimesOptions): RoundTripTimes {
    const replaced = new Set(pairs.map((given) => keyOf(given.a, given.b)));
    const kept = this.pairs().filter((old) => !replaced.has(keyOf(old.a, old.b)));
    return new RoundTripTimes([...kept, ...pairs], {
      source: `${options?.source ?? "given in code"}; the rest: ${this.source}`,
      measuredAt: options?.measuredAt ?? this.measuredAt,
      cluster: options?.cluster ?? this.cluster,
      clusterId: options?.clusterId ?? this.clusterId,
      regions: [...this.places.values(), ...(options?.regions ?? [])],
    });
  }

  /**
   * These times, and those of `rest` for the pairs that these lack: what was measured, and a table for where the clients are.
   */
  public completedBy(rest: RoundTripTimes): RoundTripTimes {
    const lacking = rest.pairs().filter(({ a, b }) => !this.times.has(keyOf(a, b)));
    const completed = new RoundTripTimes([...this.pairs(), ...lacking], {
      source: `${this.source}; the rest: ${rest.source}`,
      measuredAt: this.measuredAt,
      cluster: this.cluster,
      clusterId: this.clusterId,
      regions: [...rest.places.values(), ...this.places.values()],
    });
    const known = new Set(completed.warnings);
    completed.warnings.push(...this.warnings.filter((warning) => !known.has(warning)));
    return completed;
  }

  /** Every pair, in the order given. */
  public pairs(): RoundTripTimePair[] {
    return [...this.times.values()];
  }

  /** The region of that name: one of DigitalOcean's or one that was handed in; undefined where nothing is known of it. */
  public region(location: string): Region | undefined {
    return this.places.get(location);
  }

  /** Whether the time between the two is known. */
  public has(a: string, b: string): boolean {
    return this.times.has(keyOf(a, b)) || (a === b && this.locations.includes(a));
  }

  /**
   * The median round-trip time between two locations in milliseconds; 0 from a location to itself.
   *
   * @throws ValidationError when the pair is not known
   */
  public between(a: string, b: string): number {
    return this.find(a, b)?.p50 ?? 0;
  }

  /**
   * The 95th percentile of the round-trip time between two locations in milliseconds.
   *
   * @throws ValidationError when the pair is not known
   */
  public p95Between(a: string, b: string): number {
    const found = this.find(a, b);
    return found === undefined ? 0 : p95Of(found);
  }

  /**
   * Jitter between two locations in milliseconds: p95 less p50.
   *
   * @throws ValidationError when the pair is not known
   */
  public jitterBetween(a: string, b: string): number {
    return this.p95Between(a, b) - this.between(a, b);
  }

  /**
   * Loss between two locations in percent.
   *
   * @throws ValidationError when the pair is not known
   */
  public lossPercentBetween(a: string, b: string): number {
    return this.find(a, b)?.lossPercent ?? 0;
  }

  /**
   * Whether the time between two locations was worked out from geography rather than measured.
   *
   * @throws ValidationError when the pair is not known
   */
  public isEstimated(a: string, b: string): boolean {
    return this.find(a, b)?.estimated ?? false;
  }

  /**
   * Those among the given locations' pairs that were worked out from geography: a reason to measure.
   *
   * @throws ValidationError when a pair is not known
   */
  public estimatedAmong(locations: string[]): RoundTripTimePair[] {
    return pairsAmong(locations)
      .flatMap((names) => this.find(names.a, names.b) ?? [])
      .filter((found) => found.estimated ?? false);
  }

  /**
   * Makes sure that the time is known for each two of the given locations, so that what is missing is reported in one go.
   *
   * @throws ValidationError listing the pairs that are missing
   */
  public require(locations: string[]): void {
    const missing = pairsAmong(locations).filter((names) => !this.has(names.a, names.b));
    if (missing.length > 0) {
      throw this.missing(missing);
    }
  }

  /**
   * The largest median among the given locations, in milliseconds; 0 for a single one.
   *
   * @throws ValidationError listing the pairs that are missing
   */
  public largestAmong(locations: string[]): number {
    this.require(locations);
    return Math.max(0, ...pairsAmong(locations).map((names) => this.between(names.a, names.b)));
  }

  /**
   * The largest 95th percentile among the given locations, in milliseconds; 0 for a single one.
   *
   * @throws ValidationError listing the pairs that are missing
   */
  public largestP95Among(locations: string[]): number {
    this.require(locations);
    return Math.max(0, ...pairsAmong(locations).map((names) => this.p95Between(names.a, names.b)));
  }

  /**
   * The largest loss among the given locations, in percent.
   *
   * @throws ValidationError listing the pairs that are missing
   */
  public largestLossPercentAmong(locations: string[]): number {
    this.require(locations);
    return Math.max(0, ...pairsAmong(locations).map((names) => this.lossPercentBetween(names.a, names.b)));
  }

  /**
   * The text of a file that {@link RoundTripTimes.fromFile} reads: pairs without a sample count get 0.
   *
   * @throws ValidationError when it is not known when the times were measured: a file without a date cannot be trusted
   */
  public toJson(): string {
    if (this.measuredAt === undefined) {
      throw new ValidationError({
        what: "round-trip times: measuredAt",
        given: "nothing",
        expected: "an ISO 8601 date or time, as a file without one cannot be judged later",
        mend: "give it along with the pairs: RoundTripTimes.of(pairs, { measuredAt })",
      });
    }
    const builtIn = new Set(Region.all());
    return writeRoundTripTimesFile(this.pairs(), {
      source: this.source,
      measuredAt: this.measuredAt,
      cluster: this.cluster,
      clusterId: this.clusterId,
      regions: [...this.places.values()].filter((region) => !builtIn.has(region)),
    });
  }

  private find(a: string, b: string): RoundTripTimePair | undefined {
    if (!this.has(a, b)) {
      throw this.missing([{ a, b }]);
    }
    return this.times.get(keyOf(a, b));
  }

  private missing(pairs: Names[]): ValidationError {
    const unknown = [...new Set(pairs.flatMap((names) => [names.a, names.b]))].filter(
      (location) => !this.locations.includes(location),
    );
    const given = pairs.map((names) => `${names.a}-${names.b}`).join(", ");
    if (unknown.length === 0) {
      return new ValidationError({
        what: "round-trip time",
        given: `nothing for ${given}`,
        expected: "a time for each two locations",
        mend: `add it: .withPairs([{ a: "${pairs[0].a}", b: "${pairs[0].b}", p50: ... }])`,
      });
    }
    const near = unknown.flatMap((location) => [
      ...new Set([
        ...Region.near(location).filter((slug) => this.locations.includes(slug)),
        ...nearMatches(location, this.locations),
      ]),
    ]);
    return new ValidationError({
      what: "round-trip time",
      given: `nothing for ${given}`,
      expected: "locations that the table knows",
      mend: `${didYouMean([...new Set(near)], this.locations)} A location of your own needs its times: .withPairs([{ a: "${unknown[0]}", b: ..., p50: ... }])`,
    });
  }

  /** The pair to keep, where one of that name may be there already. */
  private merge(given: RoundTripTimePair, warnings: string[]): RoundTripTimePair {
    const before = this.times.get(keyOf(given.a, given.b));
    if (before === undefined) {
      return given;
    }
    const [small, large] = before.p50 <= given.p50 ? [before, given] : [given, before];
    const gap = large.p50 - small.p50;
    if (large.p50 > 2 * small.p50 && gap > 10) {
      throw new ValidationError({
        what: `round-trip time ${given.a}-${given.b}`,
        given: `both ${before.p50} ms and ${given.p50} ms`,
        expected: "one value, or one for each direction that agree",
        mend: "keep the right one",
      });
    }
    if (large.p50 > 1.1 * small.p50 && gap > 2) {
      warnings.push(
        `${given.a}-${given.b}: the two directions were given as ${before.p50} and ${given.p50} ms; the larger counts. Measure again, or keep one.`,
      );
    }
    return {
      ...large,
      p95: Math.max(p95Of(large), p95Of(small)),
      lossPercent: Math.max(large.lossPercent ?? 0, small.lossPercent ?? 0),
    };
  }

  private doubts(): string[] {
    const unplaced = this.locations.filter((location) => !this.places.has(location));
    const hints = [...new Set(unplaced.flatMap((location) => Region.near(location)))];
    const nowhere =
      unplaced.length === 0
        ? []
        : [
            `${unplaced.join(", ")}: not on the map, so without a continent and without a check against the speed of light. ` +
              (hints.length > 0 ? `If ${hints.join(" or ")} was meant, correct it; ` : "") +
              "for another cloud's, describe them: { regions: [new Region({...})] }.",
          ];
    return [...this.pairs().flatMap((known) => this.doubtsAbout(known)), ...nowhere];
  }

  private doubtsAbout(known: RoundTripTimePair): string[] {
    const doubts: string[] = [];
    const [from, to] = [this.places.get(known.a), this.places.get(known.b)];
    const light = from === undefined || to === undefined ? 0 : from.lightRoundTripMsTo(to);
    if (known.p50 < light) {
      doubts.push(
        `${known.a}-${known.b}: ${known.p50} ms is faster than light in fibre, which takes ${light.toFixed(0)} ms there and back. ` +
          "Check the unit and the names, or measure again.",
      );
    }
    if (known.samples !== undefined && known.samples > 0 && known.samples < FEW_SAMPLES && known.p95 !== undefined) {
      doubts.push(
        `${known.a}-${known.b}: a p95 of ${known.samples} samples says little. Measure at least ${FEW_SAMPLES} round trips.`,
      );
    }
    return doubts;
  }
}

interface Names {
  readonly a: string;
  readonly b: string;
}

function keyOf(a: string, b: string): string {
  return a < b ? `${a}\n${b}` : `${b}\n${a}`;
}

function p95Of(pair: RoundTripTimePair): number {
  return pair.p95 ?? pair.p50 * P95_PER_P50;
}

/** Each two of a multiset: a location that is there twice is also paired with itself. */
function pairsAmong(locations: string[]): Names[] {
  const seen = new Map<string, Names>();
  locations.forEach((a, index) => {
    for (const b of locations.slice(index + 1)) {
      seen.set(keyOf(a, b), { a, b });
    }
  });
  // A location on its own still has to be known.
  return locations.length === 1 ? [{ a: locations[0], b: locations[0] }] : [...seen.values()];
}

function checkOptions(options: RoundTripTimesOptions): void {
  const { measuredAt, clusterId } = options;
  if (measuredAt !== undefined && !(/^\d{4}-\d{2}-\d{2}/.test(measuredAt) && Number.isFinite(Date.parse(measuredAt)))) {
    throw new ValidationError({
      what: "round-trip times: measuredAt",
      given: JSON.stringify(measuredAt),
      expected: "an ISO 8601 date or time",
      mend: "write it as 2026-11-22 or 2026-11-22T14:00:00Z",
    });
  }
  if (clusterId !== undefined && !/^[0-9a-f]{1,16}$/.test(clusterId)) {
    throw new ValidationError({
      what: "round-trip times: clusterId",
      given: JSON.stringify(clusterId),
      expected: "up to 16 lower-case hexadecimal digits",
      mend: "copy it as etcdctl prints it, or leave it out",
    });
  }
}

function staleness(name: string, measuredAt: string | undefined): string[] {
  const days = measuredAt === undefined ? 0 : Math.floor((Date.now() - Date.parse(measuredAt)) / DAY_MS);
  if (days >= -1 && days <= STALE_DAYS) return [];
  return days > STALE_DAYS
    ? [`${name}: measured ${days} days ago. Paths change: measure again with npx cdktf-etcd measure.`]
    : [`${name}: measured in the future, at ${measuredAt ?? ""}. Look at that machine's clock, and measure again.`];
}

function checkPair(pair: RoundTripTimePair): void {
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
  if (!(value > 0 && value <= ABSURD_MS)) {
    throw new ValidationError({
      what,
      given: `${value} ms`,
      expected: `more than 0 and at most ${ABSURD_MS} ms`,
      mend: "give milliseconds; within one location leave the pair out",
    });
  }
}
