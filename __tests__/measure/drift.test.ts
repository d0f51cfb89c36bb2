import fc from "fast-check";
import { RoundTripTimePair, TuningProfile } from "../../lib";
import type { ClusterRecord } from "../../lib/cluster-record";
import { Drift, driftOf } from "../../lib/measure/drift";

const PAIRS = [
  { a: "lon1", b: "nyc3", p50: 78, p95: 80 },
  { a: "lon1", b: "sgp1", p50: 167, p95: 183 },
  { a: "nyc3", b: "sgp1", p50: 224, p95: 229 },
];

const RECORD: ClusterRecord = {
  version: 1,
  members: ["lon1", "nyc3", "sgp1"].map((location) => ({ name: `etcd-${location}`, location })),
  profile: TuningProfile.BALANCED,
  inUse: { heartbeatMs: 58, electionMs: 580 },
  roundTripTimes: { source: "a table", regions: [], pairs: PAIRS },
};

/** The drift where one or more pairs are not as recorded. */
function drift(changed: Partial<RoundTripTimePair>[], tolerance = 10, record = RECORD): Drift {
  const now = PAIRS.map(({ a, b, p50 }) => ({ a, b, p50, ...changed.find((pair) => pair.a === a && pair.b === b) }));
  return driftOf(record, now, tolerance);
}

const LONDON_NEW_YORK = { a: "lon1", b: "nyc3" };

describe("drift", () => {
  it("is none where nothing moved", () => {
    expect(drift([])).toMatchObject({ drifted: false, election: { inUseMs: 580, wantedMs: 580 } });
  });

  it.each([
    [85.8, 10, false],
    [85.9, 10, true],
    [70.2, 10, false],
    [70.1, 10, true],
    // 1 % of 78 ms is less than 5 ms.
    [83, 1, false],
    [83.1, 1, true],
    [97, 25, false],
  ])("of 78 ms to %d ms, with %d %% tolerated: %p", (p50, tolerance, expected) => {
    const { pairs } = drift([{ ...LONDON_NEW_YORK, p50 }], tolerance);
    expect(pairs.map((pair) => pair.drifted)).toEqual([expected, false, false]);
  });

  it("is reported whichever way round a pair was measured", () => {
    const now = [{ a: "nyc3", b: "lon1", p50: 140 }];
    expect(driftOf(RECORD, now, 10).pairs[0]).toMatchObject({
      ...LONDON_NEW_YORK,
      tunedForMs: 78,
      nowMs: 140,
      drifted: true,
    });
  });

  it("is none of a pair that was not measured", () => {
    expect(driftOf(RECORD, [], 10)).toMatchObject({ drifted: false, pairs: [{ tunedForMs: 78 }, {}, {}] });
  });

  it("of the election timeout is told where the times of now give another", () => {
    // 2.5 x 280 ms; the median alone has not moved.
    const slow = { a: "nyc3", b: "sgp1", p50: 226, p95: 280 };
    expect(drift([{ ...slow, samples: 100 }])).toMatchObject({
      drifted: true,
      election: { problem: "these times give 700 ms" },
    });
    expect(drift([{ ...slow, samples: 99 }]).drifted).toBe(false);
  });

  it("of the election timeout below two round trips is told, however much is tolerated", () => {
    const { election } = drift([{ a: "nyc3", b: "sgp1", p50: 300 }], 100);
    expect(election.problem).toMatch(/below 2 x the largest round trip, 600 ms/);
  });

  it.each([
    // At 224 ms, 0.03 % is where cubic carries 1 MB/s no more.
    [undefined, 0.05, false],
    [undefined, 0.07, true],
    [0.1, 0.02, false],
    [0.1, 0.012, true],
    [0.1, 0, true],
    [0.1, undefined, false],
  ])("of the loss, tuned for %p %%, to %p %%: %p", (tunedFor, lossPercent, expected) => {
    const pairs = PAIRS.map((pair) => ({ ...pair, ...(pair.b === "sgp1" ? { lossPercent: tunedFor } : {}) }));
    const record = { ...RECORD, roundTripTimes: { ...RECORD.roundTripTimes, pairs } };
    const lossy = ["lon1", "nyc3"].map((a) => ({ a, b: "sgp1", lossPercent }));
    const { drifted, streams } = drift(lossy, 10, record);
    expect([drifted, streams.drifted]).toEqual([expected, expected]);
    expect(streams).toMatchObject({
      inUse: tunedFor === undefined ? "cubic" : "bbr",
      lossPercent: lossPercent ?? tunedFor,
    });
  });

  it("is none where a loss that the election timeout has room for was not measured this time", () => {
    const pairs = PAIRS.map((pair) => ({ ...pair, lossPercent: 4 }));
    const roomy = { ...RECORD, inUse: { heartbeatMs: 101, electionMs: 1010 } };
    const { election } = drift([], 10, { ...roomy, roundTripTimes: { ...RECORD.roundTripTimes, pairs } });
    expect(election).toEqual({ inUseMs: 1010, wantedMs: 1010 });
  });

  it("leaves a timeout alone that was given by hand and still fits", () => {
    const byHand = { ...RECORD, electionMs: 2000, inUse: { heartbeatMs: 200, electionMs: 2000 } };
    expect(drift([], 10, byHand).election).toEqual({ inUseMs: 2000, wantedMs: 2000 });
  });

  it("grows with the distance and never with the tolerance", () => {
    fc.assert(
      fc.property(fc.double({ min: 20, max: 400, noNaN: true }), fc.integer({ min: 1, max: 99 }), (p50, tolerance) => {
        const drifted = (ms: number, percent: number): boolean =>
          drift([{ ...LONDON_NEW_YORK, p50: ms }], percent).pairs[0].drifted;
        if (drifted(p50, tolerance + 1)) expect(drifted(p50, tolerance)).toBe(true);
        const farther = p50 < 78 ? p50 - 10 : p50 + 10;
        if (drifted(p50, tolerance)) expect(drifted(farther, tolerance)).toBe(true);
      }),
    );
  });
});
