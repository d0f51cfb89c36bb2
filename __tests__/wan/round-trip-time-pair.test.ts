import { RoundTripTimes } from "../../lib/wan";

describe("a pair that cannot be true", () => {
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

  test("is refused where they contradict each other", () => {
    expect(() => both(78, 780)).toThrow("given both 78 ms and 780 ms");
  });
});
