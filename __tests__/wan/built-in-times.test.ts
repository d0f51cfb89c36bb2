import fc from "fast-check";

import { Continent, Region, RegionProps, RoundTripTimes, Tuning } from "../../lib/wan";
import { estimatedP50, publishedPaths } from "../../lib/wan/metro-times";

const table = RoundTripTimes.builtIn();
const metros = Region.all().filter((region) => region.slug === region.metro);

const WARSAW: RegionProps = {
  slug: "warsaw1",
  city: "Warsaw",
  country: "Poland",
  continent: Continent.EUROPE,
  latitude: 52.23,
  longitude: 21.01,
};
const SLOUGH: RegionProps = { ...WARSAW, slug: "slough1", city: "Slough", latitude: 51.51, longitude: -0.59 };

/** What clusters at DigitalOcean were tuned for when other clouds' regions came in: a change would retune them. */
const FROZEN_SLUGS = "lon1 nyc3 tor1 sfo3 ams3 fra1 sgp1 blr1 syd1 atl1 ric1".split(" ");
const FROZEN = [
  [78, 81, 140, 11, 17, 167, 152, 261, 95, 84],
  [18, 69, 83, 94, 224, 216, 201, 27, 13],
  [69, 90, 97, 222, 221, 202, 26, 18],
  [145, 152, 170, 201, 140, 57, 66],
  [11, 169, 153, 265, 100, 89],
  [166, 154, 266, 112, 101],
  [37, 95, 234, 229],
  [128, 234, 223],
  [188, 197],
  [19],
];

/** Of the 171 numbers that AWS's regions came in with. */
const PUBLISHED_SUM = 26447;

describe("the table of all built-in regions", () => {
  const location = fc.constantFrom(...table.locations);

  test("has a time for each two, and none that is faster than light", () => {
    const slugs = Region.all().map((region) => region.slug);
    expect(table.locations).toEqual([...slugs].sort());
    table.require(slugs);
    expect(table.pairs()).toHaveLength((59 * 58) / 2);
    expect(table.warnings).toEqual([]);
  });

  test("has whole milliseconds, the same both ways", () => {
    fc.assert(
      fc.property(location, location, (a, b) => {
        expect(table.between(a, b)).toBe(table.between(b, a));
        expect(Number.isInteger(table.between(a, b))).toBe(true);
        expect(table.p95Between(a, b)).toBeGreaterThanOrEqual(table.between(a, b));
      }),
    );
  });

  test("has no way that is much longer than one by a third place: at most 1.25 times, or 20 ms", () => {
    for (const a of table.locations) {
      for (const b of table.locations) {
        const direct = table.between(a, b);
        const around = Math.min(
          ...table.locations
            .filter((via) => via !== a && via !== b)
            .map((via) => table.between(a, via) + table.between(via, b)),
        );
        expect({ a, b, long: direct > Math.max(1.25 * around, around + 20) }).toEqual({ a, b, long: false });
      }
    }
  });

  test("is made once", () => {
    expect(RoundTripTimes.builtIn()).toBe(table);
  });
});

describe("between regions of one cloud", () => {
  test("DigitalOcean's numbers are what they were", () => {
    FROZEN_SLUGS.slice(0, -1).forEach((a, row) => {
      const others = FROZEN_SLUGS.slice(row + 1);
      for (const times of [table, RoundTripTimes.digitalOcean()]) {
        expect([a, others.map((b) => times.between(a, b))]).toEqual([a, FROZEN[row]]);
      }
    });
  });

  test("DigitalOcean's pairs, p95 and marks are those of its own table, in its order", () => {
    const own = RoundTripTimes.digitalOcean().pairs();
    expect(own).toHaveLength(105);
    expect(table.pairs().slice(0, own.length)).toEqual(own);
  });

  test("and so is the tuning of a cluster there", () => {
    const tuned = (roundTripTimes: RoundTripTimes) => {
      const tuning = Tuning.derive({ roundTripTimes, memberLocations: ["lon1", "nyc3", "sgp1"] });
      return Object.fromEntries(Object.entries(tuning).filter(([, value]) => typeof value === "number"));
    };
    expect(tuned(table)).toEqual(tuned(RoundTripTimes.digitalOcean()));
    expect(tuned(table)).toMatchObject({ electionMs: 580, heartbeatMs: 58 });
  });

  test.each([
    ["us-east-1", "us-east-2", 15],
    ["us-east-1", "af-south-1", 228],
    ["eu-west-1", "eu-west-2", 14],
    ["eu-west-2", "ap-southeast-1", 172],
    ["us-east-1", "ap-southeast-1", 219],
    ["us-west-2", "ca-central-1", 61],
    ["sa-east-1", "ap-southeast-1", 327],
    ["eu-north-1", "eu-south-1", 31],
    ["ap-south-1", "ap-east-1", 97],
    ["ap-southeast-2", "af-south-1", 409],
    ["ap-northeast-2", "ap-northeast-1", 36],
    ["ap-east-1", "af-south-1", 359],
  ])("AWS's %s and %s are %d ms apart, as published", (a, b, p50) => {
    expect(table.between(`aws:${a}`, `aws:${b}`)).toBe(p50);
    expect(table.isEstimated(`aws:${a}`, `aws:${b}`)).toBe(false);
  });

  test("none of AWS's is estimated, and all are there", () => {
    const slugs = Region.inCloud("aws").map((region) => region.slug);
    expect(table.estimatedAmong(slugs)).toEqual([]);
    const sum = slugs.flatMap((a) => slugs.map((b) => table.between(a, b))).reduce((x, y) => x + y, 0);
    // Of the published table, each number twice.
    expect(sum).toBe(2 * PUBLISHED_SUM);
  });
});

describe("by metropolitan area", () => {
  test.each([
    ["lon1", "aws:eu-west-3", 11, "AWS's London-Paris"],
    ["aws:eu-west-2", "nyc3", 78, "Azure's London-New York"],
    ["aws:eu-west-2", "fra1", 18, "AWS's, which is 1 ms more"],
    ["lon1", "aws:us-west-1", 148, "AWS's, which is 8 ms more"],
    ["fra1", "aws:ap-southeast-1", 166, "Azure's, which is 5 ms more"],
    ["fra", "syd", 266, "Azure's, which is 14 ms more"],
    ["lon", "nyc", 78, "Azure's"],
    ["lon", "tyo", 211, "AWS's"],
    ["blr1", "syd", 128, "Azure's"],
  ])("%s-%s is %d ms: %s", (a, b, p50) => {
    expect(table.between(a, b)).toBe(p50);
    expect(table.isEstimated(a, b)).toBe(false);
  });

  test("a cloud's own pair beats the metropolitan area's", () => {
    expect([table.between("fra1", "lon1"), table.between("aws:eu-central-1", "aws:eu-west-2")]).toEqual([17, 18]);
    expect([table.between("fra1", "sgp1"), table.between("aws:eu-central-1", "aws:ap-southeast-1")]).toEqual([
      166, 161,
    ]);
  });

  test("two places in one are 2 ms apart, whatever their clouds, by estimate", () => {
    for (const [a, b] of [
      ["lon1", "aws:eu-west-2"],
      ["lon", "lon1"],
      ["sfo3", "aws:us-west-1"],
    ]) {
      expect([table.between(a, b), table.isEstimated(a, b)]).toEqual([2, true]);
    }
  });

  test("regions of a metro are equally far from places of no cloud", () => {
    for (const { slug, metro } of Region.all().filter((region) => region.slug !== region.metro)) {
      for (const other of metros.filter((one) => one.slug !== metro)) {
        expect([slug, other.slug, table.between(slug, other.slug)]).toEqual([
          slug,
          other.slug,
          table.between(metro, other.slug),
        ]);
      }
    }
  });

  test("pairs that nobody published are estimated, and say so", () => {
    expect([table.between("nyc3", "aws:us-east-1"), table.isEstimated("nyc3", "aws:us-east-1")]).toEqual([8, true]);
    expect([table.between("tor", "yul"), table.isEstimated("tor", "yul")]).toEqual([10, true]);
    // 5 + 1.8 x 4.3 ms of light
    expect([table.between("ams3", "par"), table.isEstimated("ams3", "par")]).toEqual([13, true]);
    // N. Virginia-São Paulo, 115 ms x 7685 km / 7680 km
    expect([table.between("nyc", "sao"), table.isEstimated("nyc", "sao")]).toEqual([115, true]);
  });

  test("estimates meet published pairs, with one end left out: half within 7 %, nine in ten within a third", () => {
    const far = publishedPaths().filter(({ from, to }) => Region.of(from).distanceKmTo(Region.of(to)) > 2000);
    const ratios = far
      .map(({ from, to, p50 }) => {
        const others = publishedPaths().filter((path) => path.from !== from && path.to !== from);
        return estimatedP50(Region.of(from), Region.of(to), others) / p50;
      })
      .sort((x, y) => x - y);
    const at = (share: number): number => ratios[Math.floor(share * (ratios.length - 1))];
    expect(ratios.length).toBeGreaterThan(300);
    expect(at(0.05)).toBeGreaterThan(2 / 3);
    expect(at(0.95)).toBeLessThan(4 / 3);
    expect(at(0.25)).toBeGreaterThan(0.93);
    expect(at(0.75)).toBeLessThan(1.07);
  });
});

describe("regions that are not built in", () => {
  const slough = new Region({ ...SLOUGH, metro: "lon", cloud: "basement" });
  const warsaw = new Region(WARSAW);

  test("have the distances of the metropolitan area that they name", () => {
    const times = table.withRegions([slough]);
    expect(["nyc3", "aws:eu-west-3", "tyo"].map((other) => times.between("slough1", other))).toEqual([78, 11, 211]);
    expect(times.isEstimated("slough1", "nyc3")).toBe(false);
    expect([times.between("slough1", "lon1"), times.isEstimated("slough1", "lon1")]).toEqual([2, true]);
    expect(times.region("slough1")).toBe(slough);
    times.require(times.locations);
    expect(times.warnings).toEqual([]);
  });

  test("are estimated from their coordinates where they name another, and a plan says so", () => {
    const times = table.withRegions([warsaw, slough]);
    times.require(times.locations);
    // 5 + 1.8 x 9.0 ms of light; beyond 2000 km by Stockholm, which is nearest: 112 ms x 7190 km / 6640 km
    expect(times.between("warsaw1", "fra1")).toBe(21);
    expect(times.between("warsaw1", "aws:us-east-1")).toBe(121);
    // Slough is 32 km farther away than London's 31 ms.
    expect(times.between("warsaw1", "slough1")).toBe(32);
    const { warnings } = Tuning.derive({ roundTripTimes: times, memberLocations: ["warsaw1", "nyc3", "sgp1"] });
    expect(warnings.join()).toMatch(/warsaw1-nyc3 \(\d+ ms\), warsaw1-sgp1 \(\d+ ms\) are estimated from geography/);
    expect(times.warnings).toEqual([]);
  });

  test("at a known place have its published numbers, though they name another area", () => {
    const { latitude, longitude } = Region.of("tyo");
    const times = table.withRegions([new Region({ ...WARSAW, slug: "here", latitude, longitude })]);
    for (const far of ["lon", "aws:us-east-1", "sgp1", "sao"]) {
      expect([far, times.between("here", far)]).toEqual([far, table.between("tyo", far)]);
      expect(times.isEstimated("here", far)).toBe(true);
    }
  });

  test("leave what is known: a cloud's own numbers beat the areas'", () => {
    const own = table.withRegions([slough]).withPairs([{ a: "slough1", b: "nyc3", p50: 71 }], { source: "our ping" });
    expect([own.between("slough1", "nyc3"), own.between("slough1", "nyc2")]).toEqual([71, 78]);
    expect(own.withRegions([slough]).between("slough1", "nyc3")).toBe(71);
    expect(own.withRegions([slough]).pairs()).toHaveLength(own.pairs().length);
  });

  test("join a table of one's own, beside what it has on the map", () => {
    const mine = RoundTripTimes.of([
      { a: "lon1", b: "office", p50: 7 },
      { a: "lon1", b: "nyc3", p50: 76 },
    ]);
    const times = mine.withRegions([slough]);
    expect([times.between("slough1", "lon1"), times.between("slough1", "nyc3")]).toEqual([2, 78]);
    expect(times.between("lon1", "nyc3")).toBe(76);
    expect(times.has("slough1", "office")).toBe(false);
  });

  test("keep metro and cloud in a file", () => {
    const times = table.withRegions([slough]);
    const again = RoundTripTimes.fromJson(times.toJson());
    expect(again.region("slough1")).toEqual(slough);
    expect(again.pairs().map(({ a, b, p50 }) => [a, b, p50])).toEqual(
      times.pairs().map(({ a, b, p50 }) => [a, b, p50]),
    );
  });

  test.each([
    [{ slug: "lon1" }, /^region: slug: given "lon1", expected a name that no built-in region has; .*"own:lon1"/],
    [
      { metro: "lon" },
      /^region warsaw1: metro: given "lon", which is 1\d{3} km from.*within 200 km \(ams, atl, .*another name/,
    ],
    [{ metro: "fra", latitude: 51.5, longitude: 0 }, /metro: given "fra".*take "lon", or correct the coordinates/],
  ])("are refused: %j", (props, message) => {
    expect(() => table.withRegions([new Region({ ...WARSAW, ...props })])).toThrow(message);
  });
});

describe("the source of the numbers", () => {
  const [azure, cloudping, area] = [
    /^Azure's.*stand-ins/,
    /^cloudping's.*2026-11-29/,
    /^by metropolitan area.*the larger/,
  ];

  test.each([
    [["lon1", "nyc3"], [azure], "2026-07-30"],
    [["lon1"], [azure], "2026-07-30"],
    [["aws:eu-west-2", "aws:us-east-1"], [cloudping], undefined],
    [["aws:eu-west-2"], [cloudping], undefined],
    [["lon", "nyc", "aws:eu-west-3"], [area], undefined],
    [["lon1", "nyc3", "aws:eu-west-3"], [azure, area], "2026-07-30"],
    [["lon1", "nyc3", "aws:eu-west-3", "aws:eu-west-2"], [azure, cloudping, area], "2026-07-30"],
  ])("among %j is told, and of no others", (locations, sources, measuredAt) => {
    const told = table.sourceAmong(locations).split("; the rest: ");
    expect(told).toEqual(sources.map((source) => expect.stringMatching(source) as unknown));
    expect(table.measuredAtAmong(locations)).toBe(measuredAt);
  });

  test("of the whole table names them all", () => {
    expect(table.source).toBe(table.sourceAmong(table.locations));
    expect(table.source.split("; the rest: ")).toHaveLength(3);
  });

  test("follows what replaces or completes it", () => {
    const measured = RoundTripTimes.of([{ a: "lon1", b: "nyc3", p50: 75 }], {
      source: "our ping",
      measuredAt: "2026-11-22",
    });
    for (const times of [
      measured.completedBy(table),
      table.withPairs(measured.pairs(), { source: "our ping", measuredAt: "2026-11-22" }),
    ]) {
      expect([times.sourceAmong(["lon1", "nyc3"]), times.measuredAtAmong(["lon1", "nyc3"])]).toEqual([
        "our ping",
        "2026-11-22",
      ]);
      expect(times.sourceAmong(["lon1", "nyc3", "sgp1"])).toMatch(/^our ping; the rest: Azure's/);
      expect(times.measuredAtAmong(["lon1", "nyc3", "sgp1"])).toBe("2026-07-30");
    }
  });

  test("of regions that were added is the metropolitan areas'", () => {
    const times = RoundTripTimes.digitalOcean().withRegions([new Region(WARSAW)]);
    expect(times.sourceAmong(["warsaw1", "lon1"])).toMatch(area);
    expect(times.sourceAmong(["nyc3", "lon1"])).toMatch(azure);
  });
});

test("places of no cloud may be misspelt like others", () => {
  expect(() => table.between("lon", "eu-west-2")).toThrow("did you mean aws:eu-west-2?");
  expect(() => table.between("lon", "warsaw")).toThrow(/its place: \.withRegions\(\[new Region\(\{ slug: "warsaw"/);
});
