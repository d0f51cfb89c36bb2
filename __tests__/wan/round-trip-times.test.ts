import fc from "fast-check";

import { ValidationError } from "../../lib/validation-error";
import { Continent, Region, RoundTripTimes } from "../../lib/wan";

const table = RoundTripTimes.digitalOcean();

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

test("a table without a pair is refused", () => {
  expect(() => RoundTripTimes.of([])).toThrow("or use RoundTripTimes.builtIn()");
});
