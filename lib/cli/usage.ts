import { parseArgs, ParseArgsConfig } from "node:util";
import { ValidationError } from "../validation-error";
import { METROS_ALONE } from "../wan/candidates";
import { CLOUD_REGIONS } from "../wan/cloud-regions";
import { locationsNear } from "../wan/missing-round-trip-times";
import { nearMatches, didYouMean } from "../near-matches";
import type { ClientLocation } from "../wan/client-location";
import { RoundTripTimes } from "../wan/round-trip-times";
import { TuningProfile } from "../wan/tuning-profile";

/** Where a command writes to. */
export interface Console {
  /** Standard output. */
  out(text: string): void;
  /** Standard error. */
  error(text: string): void;
}

/** A subcommand. */
export interface Command {
  readonly name: string;
  /** One line, for the list of commands. */
  readonly summary: string;
  /** The whole text of `--help`. */
  readonly help: string;
  /** What may be typed. */
  readonly options: OptionNames;
  /**
   * Runs it, and returns the exit code where it is not always 0.
   *
   * @throws ValidationError for what the user has to mend
   */
  run(typed: Typed, console: Console): Promise<number> | undefined;
}

/** Options by name: those that take a value, and those that do not. */
export interface OptionNames {
  readonly values: readonly string[];
  readonly flags: readonly string[];
}

/** What was typed. */
export interface Typed {
  readonly positionals: readonly string[];
  /** The option's value, or undefined. */
  value(name: string): string | undefined;
  flag(name: string): boolean;
}

/**
 * Reads a command's arguments.
 *
 * @throws ValidationError for an option that there is not, or one without its value
 */
export function parse(command: string, args: readonly string[], { values, flags }: OptionNames): Typed {
  const options: NonNullable<ParseArgsConfig["options"]> = {};
  for (const name of values) options[name] = { type: "string" };
  for (const name of flags) options[name] = { type: "boolean" };
  for (const arg of args) rejectUnknown(command, arg, [...values, ...flags]);
  const parsed = readArgs(command, args, options);
  const read = new Map(Object.entries(parsed.values));
  return {
    positionals: parsed.positionals,
    value: (name) => {
      const value = read.get(name);
      return typeof value === "string" ? value : undefined;
    },
    flag: (name) => read.get(name) === true,
  };
}

/** Node's own parser, with the library's kind of error. */
function readArgs(command: string, args: readonly string[], options: NonNullable<ParseArgsConfig["options"]>) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new ValidationError({
      what: `cdktf-etcd ${command}`,
      given: args.join(" "),
      expected: `options as --help lists them (${(error instanceof Error ? error.message : String(error)).split(". ")[0]})`,
      mend: `see cdktf-etcd ${command} --help`,
    });
  }
}

function rejectUnknown(command: string, arg: string, known: readonly string[]): void {
  const name = /^--([^=]+)/.exec(arg)?.[1];
  if (name === undefined || known.includes(name)) return;
  const written = known.map((option) => `--${option}`);
  throw new ValidationError({
    what: `cdktf-etcd ${command}`,
    given: arg,
    expected: `one of ${written.join(", ")}`,
    mend: didYouMean(nearMatches(`--${name}`, written), ["the options above"]),
  });
}

/** `lon1,nyc3` as a list. */
export function list(text: string | undefined): string[] {
  return (text ?? "")
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
}

/**
 * `nyc3=3,lon1` as clients; undefined where nothing is given.
 *
 * @throws ValidationError for a weight that is no number
 */
export function clientsOf(text: string | undefined): ClientLocation[] | undefined {
  if (text === undefined) return undefined;
  return list(text).map((item) => {
    const match = /^([^=]+)(?:=(\d+(?:\.\d+)?))?$/.exec(item);
    const [location, weight] = [match?.at(1), match?.at(2)];
    if (location === undefined) {
      throw new ValidationError({
        what: "--clients",
        given: JSON.stringify(item),
        expected: "a location and its share of the writes, such as nyc3=3",
        mend: "write them as --clients nyc3=3,lon1=1",
      });
    }
    return weight === undefined ? { location } : { location, weight: Number(weight) };
  });
}

/** What stands in each command's help that takes regions. */
export const REGIONS_HELP = `Regions:
  DigitalOcean's by their slugs (lon1), AWS's with aws: before them (aws:eu-west-2), and for machines elsewhere the
  metropolitan area (lon). They can be mixed. docs/planning.md lists them with the sources of their distances.
`;

/** Part of a command's help. */
export const CLOUDS_HELP = `  --clouds <cloud,...>           whose regions may be advised: ${choosableClouds().join(", ")} (machines of your own in a city)`;

/**
 * `--clouds`, or undefined.
 *
 * @throws ValidationError for one whose regions are not built in
 */
export function cloudsOption(typed: Typed): string[] | undefined {
  const text = typed.value("clouds");
  if (text === undefined) return undefined;
  const clouds = list(text);
  const known = choosableClouds();
  const unknown = clouds.length === 0 ? "" : clouds.find((cloud) => !known.includes(cloud));
  if (unknown === undefined) return clouds;
  throw new ValidationError({
    what: "--clouds",
    given: JSON.stringify(unknown),
    expected: `some of ${known.join(", ")}`,
    mend: didYouMean(nearMatches(unknown, known), known),
  });
}

function choosableClouds(): string[] {
  return [...CLOUD_REGIONS.keys(), METROS_ALONE];
}

/** The value as one of an enum's. */
export function oneOf<Value extends string>(option: string, text: string | undefined, values: readonly Value[]) {
  if (text === undefined) return undefined;
  const found = values.find((value) => value === text);
  if (found === undefined) {
    throw new ValidationError({
      what: option,
      given: JSON.stringify(text),
      expected: `one of ${values.join(", ")}`,
      mend: didYouMean(nearMatches(text, [...values]), [...values]),
    });
  }
  return found;
}

/** `--profile`. */
export function profileOf(text: string | undefined): TuningProfile | undefined {
  return oneOf("--profile", text, Object.values(TuningProfile));
}

/** The built-in round-trip times, with those of a file in their place where it has them. */
export function roundTripTimesOf(file: string | undefined): RoundTripTimes {
  const builtIn = RoundTripTimes.builtIn();
  if (file === undefined) return builtIn;
  return RoundTripTimes.fromFile(file).completedBy(builtIn);
}

/** Members named by their locations, as `DigitalOceanHost.inRegions` does; AWS's are `etcd-aws-eu-west-2`. */
export function membersIn(locations: readonly string[]): { name: string; location: string }[] {
  return locations.map((location, index) => {
    const nth = locations.slice(0, index + 1).filter((other) => other === location).length;
    return { location, name: `etcd-${location.replace(/[^a-z0-9-]+/gi, "-")}${nth === 1 ? "" : `-${nth}`}` };
  });
}

/** The most members a cluster takes. */
const MOST_MEMBERS = 9;

/**
 * Makes sure of the number of regions, and that their round-trip times are known, as those of the clients' locations.
 *
 * @throws ValidationError otherwise; `mend` is what to do where there is none
 */
export function requireRegions(
  times: RoundTripTimes,
  locations: readonly string[],
  clients: readonly ClientLocation[] | undefined,
  mend: string,
): void {
  if (locations.length < 1 || locations.length > MOST_MEMBERS) {
    throw new ValidationError({
      what: "regions",
      given: locations.length === 0 ? "none" : String(locations.length),
      expected: `1 to ${MOST_MEMBERS}, one for each member`,
      mend: locations.length === 0 ? mend : "take fewer: every write waits for a majority of the members",
    });
  }
  requireKnown(times, "region", locations);
  requireKnown(
    times,
    "--clients",
    (clients ?? []).map((client) => client.location),
  );
}

/** @throws ValidationError for a location that the round-trip times do not have */
export function requireKnown(times: RoundTripTimes, what: string, locations: readonly string[]): void {
  const unknown = locations.find((location) => !times.locations.includes(location));
  if (unknown === undefined) return;
  throw new ValidationError({
    what,
    given: JSON.stringify(unknown),
    expected: "a location with round-trip times",
    mend: `${didYouMean(locationsNear(unknown, times.locations), times.locations)} A place of your own is named by its metropolitan area, or needs a file with its times: --rtt FILE`,
  });
}
