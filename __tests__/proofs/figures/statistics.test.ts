import { errorPercent, median, quantile, worst } from "../../../proofs/figures/statistics";

describe("statistics", () => {
  it("takes the middle, or the mean of the two in the middle", () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([9, 1, 5, 6])).toBe(5.5);
  });

  it("takes quantiles by nearest rank", () => {
    const hundred = Array.from({ length: 100 }, (_unused, i) => 100 - i);
    expect(quantile(hundred, 0.99)).toBe(99);
    expect(quantile([7], 0.99)).toBe(7);
  });

  it("has no number for nothing", () => {
    expect([median([]), quantile([], 0.5), worst([])]).toEqual([NaN, NaN, NaN]);
  });

  it("says how far off a measurement is, in per cent of the prediction", () => {
    expect(errorPercent(105, 100)).toBeCloseTo(5);
    expect(errorPercent(98, 100)).toBeCloseTo(-2);
  });
});
