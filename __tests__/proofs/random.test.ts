import { Random } from "../../proofs/random";

const draws = (seed: number): number[] => {
  const random = new Random(seed);
  return Array.from({ length: 1000 }, () => random.next());
};

it("is the same for the same seed, and another for another", () => {
  expect(draws(7)).toEqual(draws(7));
  expect(draws(7)).not.toEqual(draws(8));
});

it("is spread over its range", () => {
  const all = draws(1);
  expect(Math.min(...all)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...all)).toBeLessThan(1);
  expect(all.reduce((sum, value) => sum + value, 0) / all.length).toBeCloseTo(0.5, 1);
});

it("picks each value, and says if there is none", () => {
  const random = new Random(3);
  expect(new Set(Array.from({ length: 100 }, () => random.pick(["a", "b", "c"]))).size).toBe(3);
  expect(() => random.pick([])).toThrow("nothing to pick from");
});
