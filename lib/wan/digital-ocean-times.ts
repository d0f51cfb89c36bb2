import { nearEstimate, SAME_METRO_MS, scaledEstimate } from "./estimates";
import { Region } from "./regions";
import type { RegionTime } from "./region-time";
import { triangularTable } from "./triangular-table";

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

/** The measured metro whose paths stand for those of Atlanta and Richmond: same coast, same cables. */
const ANCHOR = "nyc1";

/** The published median between two metros in ms; undefined for the same one twice or another. */
export const azureP50 = triangularTable(METROS, PUBLISHED_P50);

/**
 * What geography says about a pair of DigitalOcean's that nobody published: near ones by rule; beyond, New York's
 * published time to the far end, scaled by the ratio of the two distances, as the path shares its cables: Atlanta-London is
 * 78 ms x 6770 km / 5570 km = 95 ms.
 */
function estimatedP50(a: Region, b: Region): number {
  const [near, far] = METROS.includes(b.metro) ? [a, b] : [b, a];
  const anchor = Region.of(ANCHOR);
  const anchored = azureP50(anchor.metro, far.metro);
  const estimate =
    nearEstimate(a, b) ?? (anchored === undefined ? undefined : scaledEstimate(near, far, anchored, [anchor, far]));
  if (estimate === undefined) {
    throw new Error(`no published round-trip time to scale for ${a.slug}-${b.slug}`);
  }
  return estimate;
}

/** The round trip between two of DigitalOcean's regions. */
export function digitalOceanTime(a: Region, b: Region): RegionTime {
  if (a.metro === b.metro) {
    return { p50: SAME_METRO_MS, estimated: true };
  }
  const p50 = azureP50(a.metro, b.metro);
  if (p50 === undefined) {
    return { p50: estimatedP50(a, b), estimated: true };
  }
  const p95 = PUBLISHED_P95.get(`${a.metro}-${b.metro}`) ?? PUBLISHED_P95.get(`${b.metro}-${a.metro}`);
  return p95 === undefined ? { p50 } : { p50, p95 };
}
