import { instance, list, read, required, text as aText } from "../validation";
import { ValidationError } from "../validation-error";
import type { SourcedPairs } from "./built-in-times";
import { builtInPairs, byMetro, digitalOceanPairs } from "./built-in-times";
import { DIGITAL_OCEAN_MEASURED_AT } from "./digital-ocean-times";
import { METRO_SOURCE } from "./metro-times";
import { missingRoundTripTimes } from "./missing-round-trip-times";
import type { Origin } from "./origins";
import { originOf, originsAmong, sourceOf } from "./origins";
import { Region } from "./regions";
import { requireOwnPlaces } from "./region-places";
import { ageDoubt, directionDoubt, roundTripDoubts } from "./round-trip-doubts";
import type { RoundTripTimePair } from "./round-trip-time-pair";
import { checkPair, keyOf, mergeDirections, p95Of, pairsAmong, ROUND_TRIP_TIME_PAIR } from "./round-trip-time-pair";
import { formatRoundTripTimes, parseRoundTripTimes, readRoundTripTimesFile } from "./round-trip-times-file";
import type { RoundTripTimesOptions } from "./round-trip-times-options";
import { checkOptions, ROUND_TRIP_TIMES_OPTIONS } from "./round-trip-times-options";

/**
 * Round-trip times between locations, in milliseconds: what every other number in this library that depends on distance
 * is derived from.
 *
 * Immutable: {@link RoundTripTimes.withPairs} gives a new one. Two machines in one location count as 0 ms apart (really
 * 0.3-1 ms: below what matters across continents) unless a pair with the same name twice says otherwise.
 */
export class RoundTripTimes {
  private static everywhere?: RoundTripTimes;
  private static inDigitalOcean?: RoundTripTimes;

  /**
   * The built-in table for all built-in regions ({@link Region.all}): DigitalOcean's, AWS's, and metropolitan areas. Within a
   * cloud the cloud's own numbers count, between clouds those of the metropolitan areas. {@link RoundTripTimes.sourceAmong}
   * names the sources: published numbers, for DigitalOcean those of another cloud between the same cities. Good enough to
   * choose regions by; measure once the cluster runs.
   */
  public static builtIn(): RoundTripTimes {
    RoundTripTimes.everywhere ??= RoundTripTimes.published(builtInPairs());
    return RoundTripTimes.everywhere;
  }

  /** The part of {@link RoundTripTimes.builtIn} that is between DigitalOcean's regions. */
  public static digitalOcean(): RoundTripTimes {
    RoundTripTimes.inDigitalOcean ??= RoundTripTimes.published(digitalOceanPairs());
    return RoundTripTimes.inDigitalOcean;
  }

  private static published({ pairs, origins }: SourcedPairs): RoundTripTimes {
    return new RoundTripTimes(pairs, { measuredAt: DIGITAL_OCEAN_MEASURED_AT }, origins);
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
    readPairs(pairs, options);
    return new RoundTripTimes(pairs, options ?? {}, [givenOrigin(pairs, options)]);
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
    read("path", path, required(aText));
    return RoundTripTimes.parse(readRoundTripTimesFile(path), path);
  }

  /**
   * The same as {@link RoundTripTimes.fromFile} for text that is already at hand.
   *
   * @throws ValidationError when the text does not have that form, and as {@link RoundTripTimes.of}
   */
  public static fromJson(text: string): RoundTripTimes {
    read("round-trip times", text, required(aText));
    return RoundTripTimes.parse(text, "round-trip times");
  }

  private static parse(text: string, name: string): RoundTripTimes {
    const { pairs, options } = parseRoundTripTimes(text, name);
    return new RoundTripTimes(pairs, options, [givenOrigin(pairs, options)], ageDoubt(name, options.measuredAt));
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

  /**
   * @param origins where the pairs come from, the most specific first; stands in for `options.source`
   * @param moreWarnings warnings that come with the times, beside those that the constructor finds itself
   */
  private constructor(
    pairs: RoundTripTimePair[],
    options: RoundTripTimesOptions,
    private readonly origins: readonly Origin[],
    moreWarnings: string[] = [],
  ) {
    requirePairs(pairs);
    checkOptions(options);
    this.source = sourceOf(origins);
    this.measuredAt = options.measuredAt;
    this.cluster = options.cluster;
    this.clusterId = options.clusterId;
    for (const region of [...Region.all(), ...(options.regions ?? [])]) {
      this.places.set(region.slug, region);
    }
    const warnings: string[] = [];
    for (const given of pairs) {
      checkPair(given);
      const key = keyOf(given.a, given.b);
      const before = this.times.get(key);
      if (before !== undefined) {
        warnings.push(...directionDoubt(before, given));
      }
      this.times.set(key, before === undefined ? given : mergeDirections(before, given));
    }
    this.locations = [...new Set(pairs.flatMap((given) => [given.a, given.b]))].sort();
    warnings.push(...roundTripDoubts(this.pairs(), this.places));
    this.warnings = [...warnings, ...moreWarnings.filter((warning) => !warnings.includes(warning))];
  }

  /**
   * The same times with some of them replaced, or with locations added. A replaced pair keeps nothing of the old one.
   *
   * @throws ValidationError as {@link RoundTripTimes.of}
   */
  public withPairs(pairs: RoundTripTimePair[], options?: RoundTripTimesOptions): RoundTripTimes {
    readPairs(pairs, options);
    const replaced = new Set(pairs.map((given) => keyOf(given.a, given.b)));
    const kept = this.pairs().filter((old) => !replaced.has(keyOf(old.a, old.b)));
    const all = {
      measuredAt: options?.measuredAt ?? this.measuredAt,
      cluster: options?.cluster ?? this.cluster,
      clusterId: options?.clusterId ?? this.clusterId,
      regions: [...this.places.values(), ...(options?.regions ?? [])],
    };
    return new RoundTripTimes([...kept, ...pairs], all, [givenOrigin(pairs, options), ...this.origins]);
  }

  /**
   * The same times with regions added that are not built in: another cloud's, or a place with machines of one's own. Each
   * gets the round trips to all locations here that are on the map, and to the other ones added, by its metropolitan area
   * ({@link RegionProps.metro}). Where that is not a built-in one they are estimated from the coordinates, and marked so.
   * Pairs that are known already stay; a cloud's own numbers can follow by {@link RoundTripTimes.withPairs}.
   *
   * @throws ValidationError when a region has the slug of a built-in one, or is more than 200 km from the metropolitan area
   *   that it names
   */
  public withRegions(regions: Region[]): RoundTripTimes {
    read("regions", regions, required(list(instance(Region, "new Region({ ... })"))));
    requireOwnPlaces(regions);
    const added = new Set(regions.map((region) => region.slug));
    const known = this.locations
      .filter((location) => !added.has(location))
      .flatMap((name) => this.places.get(name) ?? []);
    const pairs = [
      ...byMetro(regions, known),
      ...regions.flatMap((region, index) => byMetro([region], regions.slice(index + 1))),
    ].filter(({ a, b }) => !this.times.has(keyOf(a, b)));
    const options = {
      measuredAt: this.measuredAt,
      cluster: this.cluster,
      clusterId: this.clusterId,
      regions: [...this.places.values(), ...regions],
    };
    const origins = [...this.origins, originOf(pairs, METRO_SOURCE)];
    return new RoundTripTimes([...this.pairs(), ...pairs], options, origins, this.warnings);
  }

  /**
   * These times, and those of `rest` for the pairs that these lack: for example measured times between members, and a
   * table's for clients elsewhere.
   */
  public completedBy(rest: RoundTripTimes): RoundTripTimes {
    read("rest", rest, required(instance(RoundTripTimes, "RoundTripTimes.builtIn()")));
    const lacking = rest.pairs().filter(({ a, b }) => !this.times.has(keyOf(a, b)));
    const options = {
      measuredAt: this.measuredAt,
      cluster: this.cluster,
      clusterId: this.clusterId,
      regions: [...rest.places.values(), ...this.places.values()],
    };
    const origins = [...this.origins, ...rest.origins];
    return new RoundTripTimes([...this.pairs(), ...lacking], options, origins, this.warnings);
  }

  /** Every pair, in the order given. */
  public pairs(): RoundTripTimePair[] {
    return [...this.times.values()];
  }

  /** The region of that name: a built-in one or one that was handed in; undefined where nothing is known of it. */
  public region(location: string): Region | undefined {
    read("location", location, required(aText));
    return this.places.get(location);
  }

  /** Whether the time between the two is known. */
  public has(a: string, b: string): boolean {
    read("location", a, required(aText));
    read("location", b, required(aText));
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
    read("locations", locations, required(list(aText)));
    return pairsAmong(locations)
      .flatMap(({ a, b }) => this.find(a, b) ?? [])
      .filter((found) => found.estimated ?? false);
  }

  /** Where the numbers between the given locations come from, in words; those that are missing here have no say. */
  public sourceAmong(locations: string[]): string {
    read("locations", locations, required(list(aText)));
    return sourceOf(originsAmong(this.origins, locations));
  }

  /**
   * When the numbers between the given locations were measured (ISO 8601), the oldest of several dates; undefined where it is
   * not known.
   */
  public measuredAtAmong(locations: string[]): string | undefined {
    read("locations", locations, required(list(aText)));
    const dates = originsAmong(this.origins, locations).flatMap(({ measuredAt }) => measuredAt ?? []);
    return dates.sort((x, y) => Date.parse(x) - Date.parse(y)).at(0);
  }

  /**
   * Makes sure that the time is known for each two of the given locations, so that what is missing is reported in one go.
   *
   * @throws ValidationError listing the pairs that are missing
   */
  public require(locations: string[]): void {
    read("locations", locations, required(list(aText)));
    const missing = pairsAmong(locations).filter(({ a, b }) => !this.has(a, b));
    if (missing.length > 0) {
      throw missingRoundTripTimes(missing, this.locations);
    }
  }

  /**
   * The largest median among the given locations, in milliseconds; 0 for a single one.
   *
   * @throws ValidationError listing the pairs that are missing
   */
  public largestAmong(locations: string[]): number {
    return this.largest(locations, (a, b) => this.between(a, b));
  }

  /**
   * The largest 95th percentile among the given locations, in milliseconds; 0 for a single one.
   *
   * @throws ValidationError listing the pairs that are missing
   */
  public largestP95Among(locations: string[]): number {
    return this.largest(locations, (a, b) => this.p95Between(a, b));
  }

  /**
   * The largest loss among the given locations, in percent.
   *
   * @throws ValidationError listing the pairs that are missing
   */
  public largestLossPercentAmong(locations: string[]): number {
    return this.largest(locations, (a, b) => this.lossPercentBetween(a, b));
  }

  /**
   * The text of a file that {@link RoundTripTimes.fromFile} reads: pairs without a sample count get 0.
   *
   * @throws ValidationError when it is not known when the times were measured: a file without a date cannot be trusted
   */
  public toJson(): string {
    return formatRoundTripTimes(this.pairs(), {
      source: this.source,
      measuredAt: this.measuredAt,
      cluster: this.cluster,
      clusterId: this.clusterId,
      regions: [...this.places.values()],
    });
  }

  /** Undefined for a location and itself, where no time was given for that. */
  private find(a: string, b: string): RoundTripTimePair | undefined {
    if (!this.has(a, b)) {
      throw missingRoundTripTimes([{ a, b }], this.locations);
    }
    return this.times.get(keyOf(a, b));
  }

  private largest(locations: string[], valueOf: (a: string, b: string) => number): number {
    this.require(locations);
    return Math.max(0, ...pairsAmong(locations).map(({ a, b }) => valueOf(a, b)));
  }
}

/** The origin of pairs that a user gives. */
function givenOrigin(pairs: RoundTripTimePair[], options?: RoundTripTimesOptions): Origin {
  return originOf(pairs, options?.source ?? "given in code", options?.measuredAt);
}

function readPairs(pairs: RoundTripTimePair[], options?: RoundTripTimesOptions): void {
  read("round-trip times", pairs, required(list(ROUND_TRIP_TIME_PAIR)));
  read("options", options, ROUND_TRIP_TIMES_OPTIONS);
}

function requirePairs(pairs: RoundTripTimePair[]): void {
  if (pairs.length === 0) {
    throw new ValidationError({
      what: "round-trip times",
      given: "no pair",
      expected: "one for each two locations",
      mend: 'give pairs such as { a: "lon1", b: "nyc3", p50: 78 }, or use RoundTripTimes.builtIn()',
    });
  }
}
