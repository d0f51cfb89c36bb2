import { Region } from "./regions";
import type { RoundTripTimePair } from "./round-trip-time-pair";

/** Where the built-in numbers come from, for reports. */
export const DIGITAL_OCEAN_SOURCE =
  "Azure's published inter-region round-trip times " +
  "(https://learn.microsoft.com/en-us/azure/networking/azure-network-latency), " +
  "as stand-ins for DigitalOcean's regions in or near the same cities: UK South for London, East US for New York, " +
  "Canada Central for Toronto, West US for San Francisco, West Europe for Amsterdam, Germany West Central for " +
  "Frankfurt, Southeast Asia for Singapore, South India for Bangalore, Australia East for Sydney; " +
  "Atlanta, Richmond and pairs within a city are estimated from geography";

/** The end of the period that the published numbers cover. */
export const DIGITAL_OCEAN_MEASURED_AT = "2026-07-30";

/** Metros in the order of the published table. */
const METROS = ["lon", "nyc", "tor", "sfo", "ams", "fra", "sgp", "blr", "syd"];

/** P50 in ms; row i, column j is the pair METROS[i], METROS[i + 1 + j]. */
const PUBLISHED_P50 = [
  [78, 81, 140, 11, 17, 167, 152, 261],
  [18, 69, 83, 94, 224, 216, 201],
  [69, 90, 97, 222, 221, 202],
  [145, 152, 170, 201, 140],
  [11, 169, 153, 265],
  [166, 154, 266],
  [37, 95],
  [128],
];

/** P95 in ms, where the source gave one. */
const PUBLISHED_P95 = new Map([
  ["lon-nyc", 80],
  ["lon-sgp", 183],
  ["nyc-sgp", 229],
]);

/** Two data centres in one city: DigitalOcean's own are 1-2 ms apart; the larger is the safe side. */
const SAME_METRO_MS = 2;

/** Up to here a round trip depends above all on the equipment on its way, beyond on the length of the way. */
const SHORT_KM = 2000;

/** The measured metro whose paths stand for those of Atlanta and Richmond: same coast, same cables. */
const ANCHOR = Region.of("nyc1");

function publishedP50(a: string, b: string): number | undefined {
  const [first, second] = [METROS.indexOf(a), METROS.indexOf(b)].sort((x, y) => x - y);
  return first < 0 ? undefined : PUBLISHED_P50[first][second - first - 1];
}

/**
 * What geography says about a pair that nobody published:
 *
 * - up to 2000 km: 5 ms + 1.8 x light in fibre, which meets the four published pairs of that length
 *   (lon-ams, lon-fra, ams-fra, nyc-tor) within 4 ms;
 * - beyond: New York's published time to the far end, scaled by the ratio of the two distances, as the path shares its
 *   cables: Atlanta-London is 78 ms x 6770 km / 5570 km = 95 ms.
 */
function estimatedP50(a: Region, b: Region): number {
  if (a.distanceKmTo(b) <= SHORT_KM) {
    return Math.round(5 + 1.8 * a.lightRoundTripMsTo(b));
  }
  const [near, far] = METROS.includes(b.metro) ? [a, b] : [b, a];
  const anchored = publishedP50(ANCHOR.metro, far.metro);
  if (anchored === undefined) {
    throw new Error(`no published round-trip time to scale for ${a.slug}-${b.slug}`);
  }
  return Math.round((anchored * near.distanceKmTo(far)) / ANCHOR.distanceKmTo(far));
}

function pair(a: Region, b: Region): RoundTripTimePair {
  const names = { a: a.slug, b: b.slug };
  if (a.metro === b.metro) {
    return { ...names, p50: SAME_METRO_MS, estimated: true };
  }
  const p50 = publishedP50(a.metro, b.metro);
  if (p50 === undefined) {
    return { ...names, p50: estimatedP50(a, b), estimated: true };
  }
  const p95 = PUBLISHED_P95.get(`${a.metro}-${b.metro}`) ?? PUBLISHED_P95.get(`${b.metro}-${a.metro}`);
  return p95 === undefined ? { ...names, p50 } : { ...names, p50, p95 };
}

/** Every pair of DigitalOcean's regions. */
export function digitalOceanPairs(): RoundTripTimePair[] {
  const regions = Region.all();
  return regions.flatMap((a, index) => regions.slice(index + 1).map((b) => pair(a, b)));
}
