import { AWS_SOURCE, awsP50 } from "./aws-times";
import { AWS, DIGITAL_OCEAN } from "./cloud-regions";
import { DIGITAL_OCEAN_MEASURED_AT, DIGITAL_OCEAN_SOURCE, digitalOceanTime } from "./digital-ocean-times";
import { METRO_SOURCE, metroTime } from "./metro-times";
import type { Origin } from "./origins";
import { originOf } from "./origins";
import { Region } from "./regions";
import type { RegionTime } from "./region-time";
import type { RoundTripTimePair } from "./round-trip-time-pair";

/** Pairs, and where they come from. */
export interface SourcedPairs {
  readonly pairs: RoundTripTimePair[];
  readonly origins: Origin[];
}

/** Each two of the regions once. */
function pairsAmong(regions: readonly Region[], time: (a: Region, b: Region) => RegionTime): RoundTripTimePair[] {
  return regions.flatMap((a, index) => regions.slice(index + 1).map((b) => ({ a: a.slug, b: b.slug, ...time(a, b) })));
}

/** Every pair of DigitalOcean's regions. */
export function digitalOceanPairs(): SourcedPairs {
  const pairs = pairsAmong(Region.inCloud(DIGITAL_OCEAN), digitalOceanTime);
  return { pairs, origins: [originOf(pairs, DIGITAL_OCEAN_SOURCE, DIGITAL_OCEAN_MEASURED_AT)] };
}

/** Every pair of AWS's regions. */
function awsPairs(): SourcedPairs {
  const pairs = pairsAmong(Region.inCloud(AWS), (a, b) => {
    const p50 = awsP50(a.slug, b.slug);
    return p50 === undefined ? metroTime(a, b) : { p50 };
  });
  return { pairs, origins: [originOf(pairs, AWS_SOURCE)] };
}

/** Every pair of built-in regions: a cloud's own numbers within it, the metropolitan areas' between clouds. */
export function builtInPairs(): SourcedPairs {
  const own = [digitalOceanPairs(), awsPairs()];
  const regions = Region.all();
  const between = regions.flatMap((a, index) =>
    byMetro(
      [a],
      regions.slice(index + 1).filter((b) => !ownCloud(a, b)),
    ),
  );
  return {
    pairs: [...own.flatMap(({ pairs }) => pairs), ...between],
    origins: [...own.flatMap(({ origins }) => origins), originOf(between, METRO_SOURCE)],
  };
}

/** Each of some regions with each of others, by metropolitan area. */
export function byMetro(some: readonly Region[], others: readonly Region[]): RoundTripTimePair[] {
  return some.flatMap((a) => others.map((b) => ({ a: a.slug, b: b.slug, ...metroTime(a, b) })));
}

function ownCloud(a: Region, b: Region): boolean {
  return a.cloud !== undefined && a.cloud === b.cloud;
}
