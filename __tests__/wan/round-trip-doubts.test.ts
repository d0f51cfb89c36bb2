import { RoundTripTimes } from "../../lib/wan";

describe("what looks wrong", () => {
  const pair = { a: "lon1", b: "nyc3" };

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

  test("two directions are doubted that differ by more than a tenth", () => {
    const { warnings } = RoundTripTimes.of([
      { a: "lon1", b: "nyc3", p50: 78, p95: 79 },
      { a: "nyc3", b: "lon1", p50: 90, p95: 95 },
    ]);
    expect(warnings).toEqual([expect.stringContaining("given as 78 and 90 ms; the larger counts")]);
  });

  test.each([
    [0, []],
    [180, []],
    [181, [expect.stringMatching(/: measured 181 days ago.*npx cdktf-etcd measure/)]],
    [-3, [expect.stringMatching(/measured in the future.*clock/)]],
  ])("a file of %d days ago has these warnings: %j", (days, expected) => {
    const measuredAt = new Date(Date.now() - days * 86_400_000).toISOString();
    const file = RoundTripTimes.of([{ ...pair, p50: 78.2 }], { measuredAt }).toJson();
    expect(RoundTripTimes.fromJson(file).warnings).toEqual(expected);
  });
});
