import { readFileSync } from "node:fs";

import { ValidationError } from "../validation-error";
import { Continent } from "./continent";
import { Region } from "./regions";
import type { RoundTripTimePair } from "./round-trip-time-pair";
import type { RoundTripTimesOptions } from "./round-trip-times-options";

const SCHEMA = "cdktf-etcd/round-trip-times";
const VERSION = 1;

/** What a file of the right form says; the numbers themselves are not checked yet. */
export interface RoundTripTimesFile {
  readonly pairs: RoundTripTimePair[];
  readonly options: RoundTripTimesOptions;
}

/** Reads a JSON object field by field. `place` says where in the file it is, for the error about a wrong field. */
class Fields {
  public static of(value: unknown, place: string): Fields {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw wrong(place, value, "an object");
    }
    return new Fields(new Map(Object.entries(value)), place);
  }

  private constructor(
    private readonly fields: Map<string, unknown>,
    private readonly place: string,
  ) {}

  public text(name: string): string {
    return this.optionalText(name) ?? this.absent(name, "text");
  }

  public optionalText(name: string): string | undefined {
    const value = this.fields.get(name);
    if (value !== undefined && typeof value !== "string") {
      throw wrong(`${this.place}: ${name}`, value, "text");
    }
    return value;
  }

  public number(name: string): number {
    return this.optionalNumber(name) ?? this.absent(name, "a number");
  }

  public optionalNumber(name: string): number | undefined {
    const value = this.fields.get(name);
    if (value !== undefined && typeof value !== "number") {
      throw wrong(`${this.place}: ${name}`, value, "a number");
    }
    return value;
  }

  public optionalFlag(name: string): boolean | undefined {
    const value = this.fields.get(name);
    if (value !== undefined && typeof value !== "boolean") {
      throw wrong(`${this.place}: ${name}`, value, "true or false");
    }
    return value;
  }

  public list(name: string): Fields[] {
    const value = this.fields.get(name) ?? [];
    if (!Array.isArray(value)) {
      throw wrong(`${this.place}: ${name}`, value, "a list");
    }
    return value.map((item, index) => Fields.of(item, `${this.place}: ${name}[${index}]`));
  }

  private absent(name: string, expected: string): never {
    throw wrong(`${this.place}: ${name}`, undefined, expected);
  }
}

function wrong(what: string, given: unknown, expected: string): ValidationError {
  return new ValidationError({
    what,
    given: given === undefined ? "nothing" : JSON.stringify(given).slice(0, 80),
    expected,
    mend: "correct the file, or have it written again by measuring",
  });
}

/**
 * The text of the file.
 *
 * @throws ValidationError when it cannot be read
 */
export function readRoundTripTimesFile(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new ValidationError({
      what: "round-trip times file",
      given: path === "" ? "an empty path" : path,
      expected: "a file that can be read",
      mend: `check the path and its permissions (${error instanceof Error ? error.message : String(error)})`,
    });
  }
}

/**
 * Reads version 1 of the format described at `RoundTripTimes.fromFile`.
 *
 * @param name what to call the text in errors
 * @throws ValidationError when the text does not have that form
 */
export function parseRoundTripTimes(text: string, name: string): RoundTripTimesFile {
  const file = Fields.of(parseJson(text, name), name);
  if (file.text("schema") !== SCHEMA) {
    throw wrong(`${name}: schema`, file.text("schema"), JSON.stringify(SCHEMA));
  }
  if (file.number("version") !== VERSION) {
    throw new ValidationError({
      what: `${name}: version`,
      given: `${file.number("version")}`,
      expected: `${VERSION}`,
      mend: "measure again with this version of the library, or move to the one that wrote the file",
    });
  }
  return {
    pairs: file.list("pairs").map(readPair),
    options: {
      cluster: file.optionalText("cluster"),
      clusterId: file.optionalText("clusterId"),
      measuredAt: file.text("measuredAt"),
      source: file.optionalText("source") ?? name,
      regions: file.list("regions").map(readRegion),
    },
  };
}

function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ValidationError({
      what: name,
      given: error instanceof Error ? error.message : String(error),
      expected: "JSON",
      mend: "correct the file, or have it written again by measuring",
    });
  }
}

function readPair(fields: Fields): RoundTripTimePair {
  return {
    a: fields.text("a"),
    b: fields.text("b"),
    p50: fields.number("p50"),
    p95: fields.optionalNumber("p95"),
    samples: fields.number("samples"),
    lossPercent: fields.optionalNumber("lossPercent"),
    estimated: fields.optionalFlag("estimated"),
    method: fields.optionalText("method"),
  };
}

const CONTINENTS = new Map<string, Continent>(Object.values(Continent).map((name) => [name, name]));

function readRegion(fields: Fields): Region {
  const given = fields.text("continent");
  const continent = CONTINENTS.get(given);
  if (continent === undefined) {
    throw wrong(`region ${fields.text("slug")}: continent`, given, `one of ${[...CONTINENTS.keys()].join(", ")}`);
  }
  return new Region({
    continent,
    slug: fields.text("slug"),
    city: fields.text("city"),
    country: fields.text("country"),
    latitude: fields.number("latitude"),
    longitude: fields.number("longitude"),
    metro: fields.optionalText("metro"),
    cloud: fields.optionalText("cloud"),
  });
}

/**
 * The text that {@link parseRoundTripTimes} reads. Regions that are built in are left out.
 *
 * @throws ValidationError when it is not known when the times were measured
 */
export function formatRoundTripTimes(pairs: RoundTripTimePair[], options: RoundTripTimesOptions): string {
  const { cluster, clusterId, measuredAt, source, regions } = options;
  if (measuredAt === undefined) {
    throw new ValidationError({
      what: "round-trip times: measuredAt",
      given: "nothing",
      expected: "an ISO 8601 date or time, as a file without one cannot be judged later",
      mend: "give it along with the pairs: RoundTripTimes.of(pairs, { measuredAt })",
    });
  }
  const builtIn = new Set(Region.all());
  const file = {
    schema: SCHEMA,
    version: VERSION,
    cluster,
    clusterId,
    measuredAt,
    source,
    regions: (regions ?? []).filter((region) => !builtIn.has(region)),
    // The fields of every pair in the same order, so that two files can be compared line by line.
    pairs: pairs.map(({ a, b, p50, p95, samples, lossPercent, estimated, method }) => ({
      a,
      b,
      p50,
      p95,
      samples: samples ?? 0,
      lossPercent,
      estimated,
      method,
    })),
  };
  return `${JSON.stringify(file, undefined, 2)}\n`;
}
