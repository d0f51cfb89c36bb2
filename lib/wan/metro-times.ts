import { awsP50 } from "./aws-times";
import { AWS, CLOUD_REGIONS, DIGITAL_OCEAN } from "./cloud-regions";
import { azureP50, digitalOceanTime } from "./digital-ocean-times";
import { nearEstimate, SAME_METRO_MS, scaledEstimate } from "./estimates";
import { METROS } from "./metros";
import type { RegionTime } from "./region-time";
import { Region } from "./regions";

/** Where the numbers between metropolitan areas come from, for reports. */
export const METRO_SOURCE =
  "by metropolitan area, from Azure's published inter-region round-trip times " +
  "(https://learn.microsoft.com/en-us/azure/networking/azure-network-latency, to 2026-07-30) and cloudping's between AWS's " +
  "regions (https://www.cloudping.co, as read on 2026-11-29): the larger where both have the two; " +
  "two places in one area, and pairs that neither has, are estimated from geography";

/**
 * Pairs that nobody published, but whose fibres' length is known: N. Virginia-New York takes 5 to 8 ms, Montreal-Toronto
 * 8 to 10. The larger is the safe side.
 */
const BY_FIBRE = new Map([
  ["iad-nyc", 8],
  ["tor-yul", 10],
]);

/** No path is straight: the quickest published ones take 1.1 x light in fibre. */
const BEST_OF_LIGHT = 1.1;

/** AWS's region in each metro; none has two. */
const AWS_IN = new Map([...(CLOUD_REGIONS.get(AWS) ?? [])].map(([slug, metro]) => [metro, slug]));
const DIGITAL_OCEAN_IN = new Set(CLOUD_REGIONS.get(DIGITAL_OCEAN)?.values());

/**
 * The published median between two metros in ms. Where both sources have the two, the larger counts: a timeout that is a few
 * ms too long costs these at a fail-over, one that is too short costs elections.
 */
function publishedP50(a: string, b: string): number | undefined {
  const found = [azureP50(a, b), awsP50(AWS_IN.get(a) ?? "", AWS_IN.get(b) ?? "")].flatMap((ms) => ms ?? []);
  return found.length === 0 ? undefined : Math.max(...found);
}

/** Two metros with a published time. */
export interface Path {
  readonly from: string;
  readonly to: string;
  readonly p50: number;
}

let paths: readonly Path[] | undefined;

/** Every published path, in both directions. */
export function publishedPaths(): readonly Path[] {
  const metros = [...METROS.keys()];
  paths ??= metros.flatMap((from) =>
    metros.flatMap((to) => {
      const p50 = publishedP50(from, to);
      return p50 === undefined ? [] : [{ from, to, p50 }];
    }),
  );
  return paths;
}

const kmFrom = new WeakMap<Region, ReadonlyMap<string, number>>();

/** Each metro's distance from a region. */
function kmToMetros(region: Region): ReadonlyMap<string, number> {
  const km =
    kmFrom.get(region) ?? new Map([...METROS.keys()].map((metro) => [metro, region.distanceKmTo(Region.of(metro))]));
  kmFrom.set(region, km);
  return km;
}

/**
 * What geography says about a pair that nobody published: near ones by rule; beyond, the published path whose ends are
 * nearest to theirs, scaled by the ratio of the two lengths. With one end's metro left out, it meets half of the published
 * pairs within 7 % and nine in ten within a third; places far from every metro are the worst, as they borrow other cables.
 *
 * @param among the paths to choose from
 */
export function estimatedP50(a: Region, b: Region, among = publishedPaths()): number {
  const near = nearEstimate(a, b);
  if (near !== undefined) return near;
  const [kmFromA, kmFromB] = [kmToMetros(a), kmToMetros(b)];
  const { from, to, p50 } = among
    .map((path) => ({ ...path, detour: (kmFromA.get(path.from) ?? Infinity) + (kmFromB.get(path.to) ?? Infinity) }))
    .reduce((best, path) => (path.detour < best.detour ? path : best));
  return Math.max(
    scaledEstimate(a, b, p50, [Region.of(from), Region.of(to)]),
    Math.ceil(BEST_OF_LIGHT * a.lightRoundTripMsTo(b)),
  );
}

const known = new Map<string, RegionTime>();

/** Between two built-in metros; each pair is worked out once, as several regions are in a metro. */
function timeOfMetros(a: string, b: string): RegionTime {
  const key = [a, b].sort().join("-");
  const time = known.get(key) ?? workedOut(Region.of(a), Region.of(b), key);
  known.set(key, time);
  return time;
}

function workedOut(a: Region, b: Region, key: string): RegionTime {
  const p50 = publishedP50(a.metro, b.metro);
  const ofDigitalOcean =
    DIGITAL_OCEAN_IN.has(a.metro) && DIGITAL_OCEAN_IN.has(b.metro) ? digitalOceanTime(a, b) : undefined;
  if (p50 === undefined) {
    return { p50: BY_FIBRE.get(key) ?? ofDigitalOcean?.p50 ?? estimatedP50(a, b), estimated: true };
  }
  // With its p95, where the number is Azure's.
  return ofDigitalOcean?.p50 === p50 ? ofDigitalOcean : { p50 };
}

/** The round trip between two regions by the metropolitan areas they are in; from geography where one has none. */
export function metroTime(a: Region, b: Region): RegionTime {
  if (a.metro === b.metro) {
    return { p50: SAME_METRO_MS, estimated: true };
  }
  if (METROS.has(a.metro) && METROS.has(b.metro)) {
    return timeOfMetros(a.metro, b.metro);
  }
  return { p50: estimatedP50(a, b), estimated: true };
}
