import fc from "fast-check";
import type { Histogram } from "../../lib/measure/member-metrics";
import { readMemberMetrics } from "../../lib/measure/member-metrics";
import { NoReading, ProbeSeries } from "../../lib/measure/probe-series";
import { RECORDED_IDS, recordedMetrics } from "./recorded";

const BOUNDS = [...Array.from({ length: 16 }, (_unused, power) => 0.1 * 2 ** power), Infinity];

/** etcd's histogram with these entries in it. */
function histogram(entries: readonly number[]): Histogram {
  return {
    count: entries.length,
    sumMs: entries.reduce((sum, entry) => sum + entry, 0),
    buckets: BOUNDS.map((upToMs) => ({ upToMs, count: entries.filter((entry) => entry <= upToMs).length })),
  };
}

/** Both probers' entries for a round trip. */
const both = (ms: number): number[] => [ms, 3 * ms];

/** Entries of a member that has run for long. */
const LONG = Array.from({ length: 10 }, () => both(50)).flat();

describe("what was recorded of a real cluster", () => {
  it.each([
    ["lon1", "nyc3", 78],
    ["lon1", "sgp1", 167],
    ["nyc3", "lon1", 78],
    ["nyc3", "sgp1", 224],
    ["sgp1", "lon1", 167],
    ["sgp1", "nyc3", 224],
  ] as const)("%s to %s reads within a twelfth of %d ms, on a machine as busy as that one was", (from, to, ms) => {
    const series = new ProbeSeries();
    for (const moment of ["before", "after"] as const) {
      const histogram = readMemberMetrics(recordedMetrics(from, moment))?.peers.get(RECORDED_IDS[to]);
      if (histogram === undefined) throw new Error("nothing was recorded");
      series.take(histogram, true, moment === "before" ? 0 : 34);
    }
    expect(series.readings).toHaveLength(1);
    expect(series.readings[0]).toBeGreaterThan(ms);
    expect(series.readings[0]).toBeLessThan(ms * (1 + 1 / 12));
  });
});

describe("a series", () => {
  it("finds any round trip that two probers enter, however often we look", () => {
    const roundTrip = fc.double({ min: 0.3, max: 900, noNaN: true });
    fc.assert(
      fc.property(fc.array(roundTrip, { minLength: 1, maxLength: 20 }), (roundTrips) => {
        const series = new ProbeSeries();
        const entries = [...LONG];
        series.take(histogram(entries), true, 0);
        roundTrips.forEach((ms, index) => {
          entries.push(...both(ms));
          // The last look finds nothing new.
          for (const later of [0, 2]) series.take(histogram(entries), true, 30 * (index + 1) + later);
        });
        expect(series.readings).toHaveLength(roundTrips.length);
        series.readings.forEach((reading, index) => {
          expect(reading).toBeCloseTo(roundTrips[index], 3);
        });
      }),
    );
  });

  it("takes the mean of several entries between two looks", () => {
    const series = new ProbeSeries();
    series.take(histogram(LONG), true, 0);
    series.take(histogram([...LONG, ...both(60), ...both(62)]), true, 61);
    expect(series.readings).toEqual([61]);
  });

  it("waits for the second prober where a look falls between the two", () => {
    const series = new ProbeSeries();
    series.take(histogram(LONG), true, 0);
    series.take(histogram([...LONG, 80]), true, 10);
    expect(series.noReading).toBe(NoReading.NONE_YET);
    series.take(histogram([...LONG, ...both(80)]), true, 12);
    expect(series.readings).toEqual([80]);
  });

  it("begins anew when etcd was restarted", () => {
    const series = new ProbeSeries();
    series.take(histogram([...LONG, ...LONG]), true, 0);
    series.take(histogram(LONG), true, 30);
    series.take(histogram([...LONG, ...both(80)]), true, 60);
    expect(series.readings).toEqual([80]);
  });

  it.each<[NoReading, number[], number[], boolean]>([
    [NoReading.NONE_YET, LONG, [], true],
    [NoReading.UNSETTLED, both(50), both(60), true],
    [NoReading.UNHEALTHY, LONG, both(60), false],
    // Without TLS a connection and a request are two round trips, so a quarter of the sum would be wrong.
    [NoReading.UNEXPECTED, LONG, [20, 200], true],
  ])("says why it has no reading: %s", (reason, before, added, active) => {
    const series = new ProbeSeries();
    series.take(histogram(before), active, 0);
    series.take(histogram([...before, ...added]), active, 30);
    expect(series.noReading).toBe(reason);
  });

  it("takes no average that has not changed since the peer went: those come every 5 s", () => {
    const series = new ProbeSeries();
    series.take(histogram(LONG), true, 0);
    series.take(histogram([...LONG, ...both(80)]), true, 5);
    series.take(histogram([...LONG, ...both(80), ...both(80)]), true, 10);
    expect(series.readings).toHaveLength(1);
  });

  it("tells that the path is changing", () => {
    const watched = (...roundTrips: number[]): boolean => {
      const series = new ProbeSeries();
      const entries = [...LONG];
      series.take(histogram(entries), true, 0);
      roundTrips.forEach((ms, index) => {
        entries.push(...both(ms));
        series.take(histogram(entries), true, 30 * (index + 1));
      });
      return series.moving;
    };
    expect([watched(78), watched(78, 80), watched(78, 110, 125)]).toEqual([false, false, true]);
  });
});
