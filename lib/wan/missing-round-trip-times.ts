import { ValidationError } from "../validation-error";
import { didYouMean, nearMatches } from "../near-matches";
import { Region } from "./regions";
import type { RoundTripTimePair } from "./round-trip-time-pair";

/** Those of the known locations that the writer of `name` may have meant: as `Region.near` finds them, else by spelling. */
export function locationsNear(name: string, known: string[]): string[] {
  const sameCity = Region.near(name).filter((slug) => known.includes(slug));
  return sameCity.length > 0 ? sameCity : nearMatches(name, known);
}

/** The error for pairs without a time, in a table of the given locations: it names all of the pairs, and what to add. */
export function missingRoundTripTimes(
  pairs: Pick<RoundTripTimePair, "a" | "b">[],
  locations: string[],
): ValidationError {
  const given = `nothing for ${pairs.map(({ a, b }) => `${a}-${b}`).join(", ")}`;
  const unknown = [...new Set(pairs.flatMap(({ a, b }) => [a, b]))].filter((name) => !locations.includes(name));
  if (unknown.length === 0) {
    return new ValidationError({
      what: "round-trip time",
      given,
      expected: "a time for each two locations",
      mend: `add it: .withPairs([{ a: "${pairs[0].a}", b: "${pairs[0].b}", p50: ... }])`,
    });
  }
  const near = [...new Set(unknown.flatMap((name) => locationsNear(name, locations)))];
  return new ValidationError({
    what: "round-trip time",
    given,
    expected: "locations that the table knows",
    mend: `${didYouMean(near, locations)} A location of your own needs its times, .withPairs([{ a: "${unknown[0]}", b: ..., p50: ... }]), or its place: .withRegions([new Region({ slug: "${unknown[0]}", ... })])`,
  });
}
