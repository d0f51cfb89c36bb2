import { readFileSync } from "node:fs";
import * as path from "node:path";
import { Region, RoundTripTimes } from "../../lib/wan";

const DOCUMENT = readFileSync(path.join(__dirname, "..", "..", "docs", "planning.md"), "utf8");

/** The names in a cell: `a`, `b`. */
function names(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name);
}

describe("the table of regions in docs/planning.md", () => {
  const table = /\n\| Metropolitan area[^\n]*\n[^\n]*\n((?:\|[^\n]*\n)+)/.exec(DOCUMENT)?.[1] ?? "";
  const rows = table
    .trim()
    .split("\n")
    .map((line) => line.split("|").slice(1, -1));

  it("has every metropolitan area, its city, and each cloud's regions there", () => {
    const metros = Region.all().filter((region) => region.slug === region.metro);
    const inMetro = (cloud: string, metro: string): string[] =>
      Region.inCloud(cloud)
        .filter((region) => region.metro === metro)
        .map((region) => region.slug);
    expect(rows.map(([metro, city, ...clouds]) => [names(metro), city.trim(), ...clouds.map(names)])).toEqual(
      metros.map(({ slug, city, country }) => [
        [slug],
        `${city}, ${country}`,
        inMetro("digitalocean", slug),
        inMetro("aws", slug),
      ]),
    );
  });

  it("stands above the sources, with the addresses and dates that the numbers name", () => {
    const { source } = RoundTripTimes.builtIn();
    const told = [...new Set([...source.matchAll(/https:[^\s,)]+|\b\d{4}-\d{2}-\d{2}\b/g)].map(([found]) => found))];
    expect(told).toHaveLength(4);
    for (const fact of told) expect(DOCUMENT).toContain(fact);
  });
});
