import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import fc from "fast-check";

import { ValidationError } from "../../lib/validation-error";
import { Continent, Region, RoundTripTimes } from "../../lib/wan";

const table = RoundTripTimes.digitalOcean();

describe("the built-in table", () => {
  test.each([
    ["lon1", "nyc3", 78],
    ["lon1", "sgp1", 167],
    ["nyc1", "sgp1", 224],
    ["sfo2", "syd1", 140],
    ["fra1", "ams2", 11],
    ["sgp1", "blr1", 37],
    ["blr1", "syd1", 128],
    ["tor1", "nyc2", 18],
  ])("%s-%s is %d ms, as published", (a, b, p50) => {
    expect(table.between(a, b)).toBe(p50);
    expect(table.isEstimated(a, b)).toBe(false);
  });

  test("has a time for each two of the fifteen regions", () => {
    expect(table.pairs()).toHaveLength((15 * 14) / 2);
    expect(() => {
      table.require(Region.all().map((region) => region.slug));
    }).not.toThrow();
  });

  test("is nowhere faster than light", () => {
    expect(table.warnings).toEqual([]);
  });

  test.each([
    ["lon1", "nyc1", 80],
    ["sgp1", "lon1", 183],
    ["nyc3", "sgp1", 229],
  ])("%s-%s has a published p95 of %d ms", (a, b, p95) => {
    expect(table.p95Between(a, b)).toBe(p95);
  });

  test("takes p95 as 1.1 x p50 where none was published, and jitter as the difference", () => {
    expect(table.p95Between("lon1", "sfo3")).toBeCloseTo(154);
    expect(table.jitterBetween("lon1", "sfo3")).toBeCloseTo(14);
    expect(table.jitterBetween("lon1", "sgp1")).toBe(16);
  });

  test("puts the data centres of a city 2 ms apart, and says that this is an estimate", () => {
    expect(table.between("nyc1", "nyc3")).toBe(2);
    expect(table.isEstimated("nyc1", "nyc3")).toBe(true);
  });

  test("estimates Atlanta and Richmond: near by a rule, far by New York's time and the ratio of distances", () => {
    // 1200 km: 5 + 1.8 x 12.0 = 26.6; to London 78 x 6770 / 5570 = 94.8; to Singapore 224 x 15689 / 15333 = 229.2
    expect(table.between("atl1", "nyc1")).toBe(27);
    expect(table.between("lon1", "atl1")).toBe(95);
    expect(table.between("ric1", "sgp1")).toBe(229);
    const estimated = table.pairs().filter((pair) => pair.estimated ?? false);
    expect(estimated.every(({ a, b }) => /atl|ric/.test(a + b) || a.slice(0, 3) === b.slice(0, 3))).toBe(true);
  });

  test("the rule for near pairs meets the published ones of that length within 4 ms", () => {
    const near: [string, string][] = [
      ["lon1", "ams3"],
      ["lon1", "fra1"],
      ["ams3", "fra1"],
      ["nyc1", "tor1"],
    ];
    for (const [a, b] of near) {
      const rule = 5 + 1.8 * Region.of(a).lightRoundTripMsTo(Region.of(b));
      expect(Math.abs(rule - table.between(a, b))).toBeLessThan(4);
    }
  });

  test("names its source and its date", () => {
    expect(table.source).toContain("https://learn.microsoft.com/");
    expect(table.measuredAt).toBe("2026-07-30");
  });

  test("lists the estimated pairs among some locations", () => {
    expect(table.estimatedAmong(["lon1", "nyc3", "atl1"]).map(({ a, b }) => `${a}-${b}`)).toEqual([
      "atl1-lon1",
      "atl1-nyc3",
    ]);
  });
});

describe("symmetry and identity", () => {
  const location = fc.constantFrom(...table.locations);

  test("the order of the two does not matter", () => {
    fc.assert(
      fc.property(location, location, (a, b) => {
        expect(table.between(a, b)).toBe(table.between(b, a));
        expect(table.p95Between(a, b)).toBe(table.p95Between(b, a));
      }),
    );
  });

  test("a location is 0 ms from itself, unless a pair says otherwise", () => {
    expect(table.between("lon1", "lon1")).toBe(0);
    expect(table.withPairs([{ a: "lon1", b: "lon1", p50: 0.4 }]).largestAmong(["lon1", "lon1"])).toBe(0.4);
  });

  test("p95 is never below p50", () => {
    fc.assert(
      fc.property(location, location, (a, b) => {
        expect(table.p95Between(a, b)).toBeGreaterThanOrEqual(table.between(a, b));
      }),
    );
  });
});

describe("the largest among some locations", () => {
  test("is found for p50, p95 and loss", () => {
    const members = ["lon1", "nyc3", "sgp1"];
    expect(table.largestAmong(members)).toBe(224);
    expect(table.largestP95Among(members)).toBe(229);
    expect(table.largestLossPercentAmong(members)).toBe(0);
  });

  test("is 0 for a single one, which still has to be known", () => {
    expect(table.largestAmong(["lon1"])).toBe(0);
    expect(() => table.largestAmong(["moon1"])).toThrow(ValidationError);
  });
});

describe("what is missing", () => {
  const partial = RoundTripTimes.of([
    { a: "lon1", b: "nyc3", p50: 78 },
    { a: "lon1", b: "sgp1", p50: 167 },
    { a: "lon1", b: "syd1", p50: 261 },
  ]);

  test("is listed in one go, with what to add", () => {
    expect(() => {
      partial.require(["lon1", "nyc3", "sgp1", "syd1"]);
    }).toThrow(/nothing for nyc3-sgp1, nyc3-syd1, sgp1-syd1.*\.withPairs\(\[\{ a: "nyc3", b: "sgp1"/);
  });

  test("by a misspelt location is met with the near ones", () => {
    expect(() => table.between("lon1", "nyc4")).toThrow("did you mean nyc1 or nyc2 or nyc3?");
    expect(() => partial.between("lon1", "sgp2")).toThrow("did you mean sgp1?");
  });

  test("by a location like no other is met with the whole list", () => {
    expect(() => partial.between("lon1", "eu-west-3")).toThrow("use one of lon1, nyc3, sgp1, syd1");
  });

  test("no pair at all is refused", () => {
    expect(() => RoundTripTimes.of([])).toThrow("or use RoundTripTimes.digitalOcean()");
  });
});

describe("values that cannot be true", () => {
  const pair = { a: "lon1", b: "nyc3" };

  test.each([0, -1, 2001, NaN, Infinity])("p50 of %d ms is refused", (p50) => {
    expect(() => RoundTripTimes.of([{ ...pair, p50 }])).toThrow(/lon1-nyc3: p50: .*more than 0 and at most 2000 ms/);
  });

  test.each([0, 2001])("p95 of %d ms is refused", (p95) => {
    expect(() => RoundTripTimes.of([{ ...pair, p50: 78, p95 }])).toThrow("lon1-nyc3: p95");
  });

  test("p95 below p50 is refused", () => {
    expect(() => RoundTripTimes.of([{ ...pair, p50: 80, p95: 78 }])).toThrow("expected at least the p50, 80 ms");
  });

  test.each([-1, 1.5])("%d samples are refused", (samples) => {
    expect(() => RoundTripTimes.of([{ ...pair, p50: 78, samples }])).toThrow("samples");
  });

  test.each([-0.1, 51, NaN])("%d %% loss is refused", (lossPercent) => {
    expect(() => RoundTripTimes.of([{ ...pair, p50: 78, lossPercent }])).toThrow("a percentage from 0 to 50");
  });

  test("a pair without a name is refused", () => {
    expect(() => RoundTripTimes.of([{ a: "lon1", b: "", p50: 78 }])).toThrow("expected two locations");
  });

  test("faster than light is doubted", () => {
    const { warnings } = RoundTripTimes.of([{ ...pair, p50: 7.8 }]);
    expect(warnings).toEqual([
      expect.stringMatching(/^lon1-nyc3: 7.8 ms is faster than light.* 56 ms.*Check the unit/),
    ]);
  });

  test("a p95 of few samples is doubted, one of an unknown number is not", () => {
    const withSamples = (samples: number) => RoundTripTimes.of([{ ...pair, p50: 78, p95: 80, samples }]).warnings;
    expect(withSamples(19)).toEqual([expect.stringContaining("Measure at least 20 round trips")]);
    expect(withSamples(20)).toEqual([]);
    expect(withSamples(0)).toEqual([]);
  });

  test("a location that is not on the map is doubted, with what may have been meant", () => {
    const { warnings } = RoundTripTimes.of([{ a: "lon2", b: "nyc3", p50: 78 }]);
    expect(warnings).toEqual([expect.stringMatching(/^lon2: not on the map.*If lon1 was meant/)]);
  });
});

describe("a pair given for both directions", () => {
  const both = (there: number, back: number) =>
    RoundTripTimes.of([
      { a: "lon1", b: "nyc3", p50: there, p95: there + 1 },
      { a: "nyc3", b: "lon1", p50: back, p95: back + 5 },
    ]);

  test("counts as the larger", () => {
    const times = both(78, 79);
    expect(times.between("lon1", "nyc3")).toBe(79);
    expect(times.p95Between("lon1", "nyc3")).toBe(84);
    expect(times.pairs()).toHaveLength(1);
    expect(times.warnings).toEqual([]);
  });

  test("is doubted where they differ by more than a tenth", () => {
    expect(both(78, 90).warnings).toEqual([expect.stringContaining("given as 78 and 90 ms; the larger counts")]);
  });

  test("is refused where they contradict each other", () => {
    expect(() => both(78, 780)).toThrow("given both 78 ms and 780 ms");
  });
});

describe("overrides", () => {
  const measured = table.withPairs([{ a: "nyc3", b: "lon1", p50: 75, p95: 76 }], { source: "our own ping" });

  test("replace a pair and nothing else", () => {
    expect(measured.between("lon1", "nyc3")).toBe(75);
    expect(measured.p95Between("lon1", "nyc3")).toBe(76);
    expect(measured.between("lon1", "nyc1")).toBe(78);
    expect(measured.pairs()).toHaveLength(table.pairs().length);
  });

  test("leave the table they came from as it was", () => {
    expect(table.between("lon1", "nyc3")).toBe(78);
  });

  test("do not inherit the old p95", () => {
    expect(table.withPairs([{ a: "lon1", b: "sgp1", p50: 100 }]).p95Between("lon1", "sgp1")).toBeCloseTo(110);
  });

  test("add their source to the old one", () => {
    expect(measured.source).toMatch(/^our own ping; the rest: Azure/);
  });

  test("can add a location of another cloud, with its place on the map", () => {
    const place = { city: "Paris", country: "France", continent: Continent.EUROPE, latitude: 48.86, longitude: 2.35 };
    const times = table.withPairs([{ a: "eu-west-3", b: "lon1", p50: 8 }], {
      regions: [new Region({ slug: "eu-west-3", ...place })],
    });
    expect(times.between("lon1", "eu-west-3")).toBe(8);
    expect(times.region("eu-west-3")?.continent).toBe(Continent.EUROPE);
    expect(times.warnings).toEqual([]);
  });
});

describe("measured times completed by a table", () => {
  const rtt = { a: "lon1", b: "nyc3", p50: 75, method: "TCP handshakes" };
  const measured = RoundTripTimes.of([rtt], { cluster: "etcd/etcd", measuredAt: "2026-11-22", source: "measure" });

  test("keep what was measured, where and when, and take the rest from the table", () => {
    const times = measured.completedBy(table);
    expect(times).toMatchObject({ cluster: "etcd/etcd", measuredAt: "2026-11-22" });
    expect(times.source).toMatch(/^measure; the rest: Azure/);
    expect([times.between("nyc3", "lon1"), times.between("lon1", "syd1")]).toEqual([75, table.between("lon1", "syd1")]);
    expect(times.pairs()).toHaveLength(table.pairs().length);
  });

  test("keep their warnings", () => {
    const doubted = RoundTripTimes.of([{ ...rtt, p50: 7.8 }]);
    expect(doubted.completedBy(table).warnings).toEqual(doubted.warnings);
  });
});

describe("files", () => {
  const file = {
    schema: "cdktf-etcd/round-trip-times",
    version: 1,
    cluster: "etcd/etcd",
    clusterId: "cdf818194e3a8c32",
    measuredAt: "2026-11-22T14:00:00Z",
    source: "etcd's own metric over 24 h",
    pairs: [{ a: "lon1", b: "nyc3", p50: 78.2, p95: 80.1, samples: 8640, lossPercent: 0.1, method: "TCP" }],
  };
  const daysAgo = (days: number): string => new Date(Date.now() - days * 86_400_000).toISOString();
  const parse = (changes: object) => () => RoundTripTimes.fromJson(JSON.stringify({ ...file, ...changes }));

  test("are read with everything they say about themselves", () => {
    const times = parse({})();
    expect(times).toMatchObject({
      cluster: file.cluster,
      clusterId: file.clusterId,
      measuredAt: file.measuredAt,
      source: file.source,
    });
    expect(times.pairs()).toEqual([{ ...file.pairs[0], estimated: undefined }]);
    expect(times.lossPercentBetween("nyc3", "lon1")).toBe(0.1);
  });

  test.each([
    [0, []],
    [180, []],
    [181, [expect.stringMatching(/: measured 181 days ago.*npx cdktf-etcd measure/)]],
    [-3, [expect.stringMatching(/measured in the future.*clock/)]],
  ])("of %d days ago have these warnings: %j", (days, expected) => {
    const { warnings } = parse({ measuredAt: daysAgo(days) })();
    expect(warnings).toEqual(expected);
  });

  test("survive being written and read again, own regions included", () => {
    const place = { city: "Paris", country: "France", continent: Continent.EUROPE, latitude: 48.86, longitude: 2.35 };
    const times = table.withPairs([{ a: "eu-west-3", b: "lon1", p50: 8, lossPercent: 1 }], {
      regions: [new Region({ slug: "eu-west-3", ...place })],
    });
    const again = RoundTripTimes.fromJson(times.toJson());
    expect(again.toJson()).toBe(times.toJson());
    expect(again.between("eu-west-3", "lon1")).toBe(8);
    expect(again.isEstimated("atl1", "lon1")).toBe(true);
    expect(again.region("eu-west-3")?.city).toBe("Paris");
  });

  test("are not written without a date", () => {
    expect(() => RoundTripTimes.of([{ a: "lon1", b: "nyc3", p50: 78 }]).toJson()).toThrow("measuredAt");
  });

  test.each([
    [{ schema: "other" }, 'schema: given "other"'],
    [{ schema: undefined }, "schema: given nothing, expected text"],
    [{ version: 2 }, "version: given 2, expected 1"],
    [{ measuredAt: "yesterday" }, "measuredAt"],
    [{ measuredAt: undefined }, "measuredAt: given nothing"],
    [{ clusterId: "lon1" }, "hexadecimal"],
    [{ pairs: {} }, "pairs: given {}, expected a list"],
    [{ pairs: [] }, "given no pair"],
    [{ pairs: [78] }, "pairs[0]: given 78, expected an object"],
    [{ pairs: [{ a: "lon1", b: "nyc3", p50: "78", samples: 1 }] }, 'pairs[0]: p50: given "78", expected a number'],
    [{ pairs: [{ a: "lon1", b: "nyc3", p50: 78 }] }, "pairs[0]: samples: given nothing"],
    [{ pairs: [{ a: "lon1", b: "nyc3", p50: 78, samples: 1, estimated: 1 }] }, "expected true or false"],
    [{ regions: [{ slug: "x", continent: "Atlantis" }] }, "expected one of Africa, Asia"],
  ])("%j is refused", (changes, message) => {
    expect(parse(changes)).toThrow(ValidationError);
    expect(parse(changes)).toThrow(message);
  });

  test("that are not JSON are refused", () => {
    expect(() => RoundTripTimes.fromJson("p50: 78")).toThrow("expected JSON");
    expect(() => RoundTripTimes.fromJson("[]")).toThrow("expected an object");
  });

  test("are read from disk, and named in the error", () => {
    const directory = mkdtempSync(join(tmpdir(), "rtt-"));
    try {
      const path = join(directory, "times.json");
      writeFileSync(path, JSON.stringify(file));
      expect(RoundTripTimes.fromFile(path).between("lon1", "nyc3")).toBe(78.2);
      writeFileSync(path, JSON.stringify({ ...file, version: 9 }));
      expect(() => RoundTripTimes.fromFile(path)).toThrow(`${path}: version`);
      expect(() => RoundTripTimes.fromFile(`${path}.old`)).toThrow(/expected a file that can be read.*ENOENT/);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
