import fc from "fast-check";
import { Direction, Method, pairsOf } from "../../lib/measure/directions";
import { median, percentile95 } from "../../lib/measure/statistics";

const LONDON = { name: "etcd-lon1", location: "lon1" };
const NEW_YORK = { name: "etcd-nyc3", location: "nyc3" };

const direction = (from: string, to: string, samples: number[], method = Method.HANDSHAKES): Direction => ({
  from: `etcd-${from}`,
  to: `etcd-${to}`,
  method,
  samples,
});

const some = (ms: number, count = 10): number[] => Array<number>(count).fill(ms);

describe("directions", () => {
  it("come to the quicker median and the percentile of both, as one pair", () => {
    const there = [...some(78, 18), 90, 95];
    const { pairs, warnings, missing } = pairsOf(
      [LONDON, NEW_YORK],
      [direction("lon1", "nyc3", there), direction("nyc3", "lon1", some(79, 20))],
    );
    expect(pairs).toEqual([{ a: "lon1", b: "nyc3", p50: 78, p95: 79, samples: 40, method: "TCP handshakes" }]);
    expect([warnings, missing]).toEqual([[], []]);
  });

  it("that strongly disagree are doubted", () => {
    const { pairs, warnings } = pairsOf(
      [LONDON, NEW_YORK],
      [direction("lon1", "nyc3", some(120)), direction("nyc3", "lon1", some(78))],
    );
    expect(pairs).toMatchObject([{ p50: 78 }]);
    expect(warnings).toEqual([expect.stringMatching(/^etcd-lon1 to etcd-nyc3 took 120 ms, but back 78 ms.*was busy/)]);
  });

  it("come to the loss of the worse one, where enough was sent to tell", () => {
    const lossy = (from: string, to: string, sent: number, lost: number): Direction => ({
      ...direction(from, to, some(78)),
      segments: { sent, lost },
    });
    const loss = (...directions: Direction[]): number | undefined =>
      pairsOf([LONDON, NEW_YORK], directions).pairs[0].lossPercent;
    expect(loss(lossy("lon1", "nyc3", 20_000, 6), lossy("nyc3", "lon1", 30_000, 30))).toBe(0.1);
    expect(loss(lossy("lon1", "nyc3", 10_000, 0), direction("nyc3", "lon1", some(78)))).toBe(0);
    expect(loss(lossy("lon1", "nyc3", 9_999, 3))).toBeUndefined();
  });

  it("between two places with several members come to the farthest two's time, and the worst loss", () => {
    const second = { name: "etcd-lon2", location: "lon1" };
    const { pairs } = pairsOf(
      [LONDON, second, NEW_YORK],
      [
        { ...direction("lon1", "nyc3", some(78)), segments: { sent: 10_000, lost: 20 } },
        direction("lon2", "nyc3", some(80)),
        direction("lon1", "lon2", some(1)),
      ],
    );
    expect(pairs).toContainEqual(expect.objectContaining({ a: "lon1", b: "nyc3", p50: 80, lossPercent: 0.2 }));
  });

  it("one will do, and without any the members are named", () => {
    expect(pairsOf([LONDON, NEW_YORK], [direction("nyc3", "lon1", some(78))]).pairs).toMatchObject([{ p50: 78 }]);
    expect(pairsOf([LONDON, NEW_YORK], [direction("nyc3", "lon1", [])])).toEqual({
      pairs: [],
      warnings: [],
      missing: ["etcd-lon1 and etcd-nyc3"],
    });
  });

  it("prefer handshakes, and take etcd's probes where there are none, each pair with its method", () => {
    const paris = { name: "etcd-par1", location: "par1" };
    const { pairs } = pairsOf(
      [LONDON, NEW_YORK, paris],
      [
        direction("lon1", "nyc3", some(80), Method.PROBES),
        direction("nyc3", "lon1", some(78)),
        direction("lon1", "par1", [9, 9], Method.PROBES),
      ],
    );
    expect(pairs).toEqual([
      { a: "lon1", b: "nyc3", p50: 78, samples: 10, method: "TCP handshakes" },
      { a: "lon1", b: "par1", p50: 9, samples: 2, method: "etcd's probes" },
    ]);
  });

  it("of etcd's probes give no percentile, as etcd smooths them; nor do a few handshakes", () => {
    const probes = pairsOf([LONDON, NEW_YORK], [direction("lon1", "nyc3", some(78, 50), Method.PROBES)]);
    const few = pairsOf([LONDON, NEW_YORK], [direction("lon1", "nyc3", some(78, 19))]);
    expect([probes.pairs[0].p95, few.pairs[0].p95]).toEqual([undefined, undefined]);
  });

  it("between several members of two locations count as the farthest two", () => {
    const second = { name: "etcd-lon1-2", location: "lon1" };
    const { pairs } = pairsOf(
      [LONDON, second, NEW_YORK],
      [
        direction("lon1", "nyc3", some(78)),
        direction("lon1-2", "nyc3", some(81)),
        direction("lon1", "lon1-2", some(0.02)),
      ],
    );
    expect(pairs).toMatchObject([
      { a: "lon1", b: "lon1", p50: 0.1 },
      { a: "lon1", b: "nyc3", p50: 81 },
    ]);
  });
});

describe("statistics", () => {
  const values = fc.array(fc.double({ min: 0.1, max: 2000, noNaN: true }), { minLength: 1, maxLength: 200 });

  it("stay within the values, in order, whatever the order they came in", () => {
    fc.assert(
      fc.property(values, (given) => {
        const [middle, high] = [median(given), percentile95(given)];
        expect(middle).toBeGreaterThanOrEqual(Math.min(...given));
        expect(given).toContain(high);
        expect(given.filter((value) => value <= high).length).toBeGreaterThanOrEqual(0.95 * given.length);
        expect(given.filter((value) => value < high).length).toBeLessThan(0.95 * given.length);
        expect(median([...given].reverse())).toBe(middle);
      }),
    );
  });
});
