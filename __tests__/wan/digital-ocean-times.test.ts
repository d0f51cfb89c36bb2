import { Region, RoundTripTimes } from "../../lib/wan";

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
      table.require(Region.inCloud("digitalocean").map((region) => region.slug));
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
