import fc from "fast-check";

import { ValidationError } from "../../lib/validation-error";
import type { RoundTripTimePair } from "../../lib/wan";
import { RoundTripTimes, Tuning, TuningProfile } from "../../lib/wan";
import { anyCluster } from "./matrices";

const roundTripTimes = RoundTripTimes.digitalOcean();
const memberLocations = ["lon1", "nyc3", "sgp1"];
const anyProfile = fc.constantFrom(...Object.values(TuningProfile));

/** Two members that far apart. */
function pair(values: Omit<RoundTripTimePair, "a" | "b">) {
  const locations = ["lon1", "sgp1"];
  return { roundTripTimes: RoundTripTimes.of([{ a: "lon1", b: "sgp1", ...values }]), memberLocations: locations };
}

function pulse(tuning: Tuning): [number, number] {
  return [tuning.heartbeatMs, tuning.electionMs];
}

describe("heartbeat and election", () => {
  test.each([
    // 2.5 x 229 = 572.5, up to the next 10
    [TuningProfile.BALANCED, 58, 580],
    // 2 x 229 = 458, up to the next 10
    [TuningProfile.FAST, 46, 460],
    // 1 x 224 and 10 x 224: etcd's guide
    [TuningProfile.CONSERVATIVE, 224, 2240],
  ])("%s across London, New York and Singapore: %d/%d", (profile, heartbeat, election) => {
    expect(pulse(Tuning.derive({ roundTripTimes, memberLocations, profile }))).toEqual([heartbeat, election]);
  });

  test("balanced is the default", () => {
    expect(Tuning.derive({ roundTripTimes, memberLocations }).electionMs).toBe(580);
  });

  test.each([
    [TuningProfile.BALANCED, 100, 1000],
    [TuningProfile.CONSERVATIVE, 100, 1000],
    [TuningProfile.FAST, 50, 500],
  ])("%s in one place: %d/%d, as distance decides nothing", (profile, heartbeat, election) => {
    const inOneCity = Tuning.derive({ roundTripTimes, memberLocations: ["nyc1", "nyc2", "nyc3"], profile });
    const inOneHall = Tuning.derive({ roundTripTimes, memberLocations: ["lon1", "lon1", "lon1"], profile });
    expect(pulse(inOneCity)).toEqual([heartbeat, election]);
    expect(pulse(inOneHall)).toEqual([heartbeat, election]);
  });

  test.each([
    [TuningProfile.BALANCED, 55, 550],
    [TuningProfile.CONSERVATIVE, 100, 1000],
    [TuningProfile.FAST, 45, 450],
  ])("%s across London, Amsterdam and Frankfurt: no lower than %d/%d", (profile, heartbeat, election) => {
    const members = ["lon1", "ams3", "fra1"];
    expect(pulse(Tuning.derive({ roundTripTimes, memberLocations: members, profile }))).toEqual([heartbeat, election]);
  });

  test("jitter lengthens the election: 2.5 x 400 = 1000 at a p95 of 400 ms", () => {
    expect(Tuning.derive(pair({ p50: 224, p95: 400 })).electionMs).toBe(1000);
  });

  test.each([
    [3, 580],
    // 2.5 x 229 + 200 + 229 = 1001.5
    [3.1, 1010],
  ])("%d %% of loss: %d ms, with room for a retransmission where it was not tried", (lossPercent, election) => {
    expect(Tuning.derive(pair({ p50: 224, p95: 229, lossPercent })).electionMs).toBe(election);
  });

  test("only members count, not the clients", () => {
    const tuning = Tuning.derive({
      roundTripTimes,
      memberLocations: ["lon1", "ams3", "fra1"],
      clientLocations: ["syd1"],
    });
    expect(tuning.electionMs).toBe(550);
  });
});

describe("what the user may set", () => {
  const derive = (overrides: object) => () => Tuning.derive({ roundTripTimes, memberLocations, ...overrides });

  test.each([
    [{ electionMs: 1000 }, 100, 1000],
    [{ electionMs: 705 }, 70, 705],
    [{ heartbeatMs: 50 }, 50, 600],
    [{ heartbeatMs: 90 }, 90, 900],
    [{ heartbeatMs: 224, electionMs: 2240 }, 224, 2240],
    [{ heartbeatMs: 100, electionMs: 50_000 }, 100, 50_000],
  ])("%j gives %d/%d", (overrides, heartbeat, election) => {
    expect(pulse(derive(overrides)())).toEqual([heartbeat, election]);
  });

  test.each([
    [{ heartbeatMs: 200, electionMs: 999 }, "at least 5 x the heartbeat"],
    [{ electionMs: 50_001 }, "at most 50000 ms"],
    [{ heartbeatMs: 5001 }, "at most 50000 ms"],
    [{ heartbeatMs: 40, electionMs: 400 }, "at least 448 ms: 2 x the largest round trip between members, 224 ms"],
    [{ electionMs: 447 }, "at least 448 ms"],
    [{ heartbeatMs: 9 }, "heartbeatMs: given 9 ms, expected a whole number of at least 10 ms"],
    [{ heartbeatMs: 70.5 }, "a whole number"],
    [{ electionMs: NaN }, "a whole number"],
    [{ electionMs: -1 }, "a whole number"],
  ])("%j is refused", (overrides, message) => {
    expect(derive(overrides)).toThrow(ValidationError);
    expect(derive(overrides)).toThrow(message);
  });

  test("an election timeout is counted in whole heartbeats, as etcd does", () => {
    expect(derive({ heartbeatMs: 100, electionMs: 799 })().effectiveElectionMs).toBe(700);
    expect(derive({ heartbeatMs: 85, electionMs: 450 })).toThrow(
      "given 450 ms (which etcd counts as 425 ms, in whole heartbeats of 85 ms)",
    );
  });
});

describe("for any cluster and profile", () => {
  test("etcd accepts the values, and they leave room for an election", () => {
    fc.assert(
      fc.property(anyCluster, anyProfile, (cluster, profile) => {
        const { heartbeatMs, electionMs, effectiveElectionMs } = Tuning.derive({ ...cluster, profile });
        expect(Number.isInteger(heartbeatMs) && Number.isInteger(electionMs)).toBe(true);
        expect(heartbeatMs).toBeGreaterThanOrEqual(45);
        expect(electionMs).toBeGreaterThanOrEqual(5 * heartbeatMs);
        expect(electionMs).toBeLessThanOrEqual(50_000);
        expect(electionMs).toBeGreaterThanOrEqual(2 * cluster.roundTripTimes.largestAmong(cluster.memberLocations));
        // Whole heartbeats, so that what is configured is what etcd counts.
        expect(effectiveElectionMs).toBe(electionMs);
      }),
    );
  });

  test("overrides are taken as they are, or refused", () => {
    const override = fc.integer({ min: 1, max: 60_000 });
    fc.assert(
      fc.property(anyCluster, override, override, (cluster, heartbeatMs, electionMs) => {
        const least = 2 * cluster.roundTripTimes.largestAmong(cluster.memberLocations);
        const counted = Math.floor(electionMs / heartbeatMs) * heartbeatMs;
        const valid = heartbeatMs >= 10 && electionMs >= 5 * heartbeatMs && electionMs <= 50_000 && counted >= least;
        const derive = () => Tuning.derive({ ...cluster, heartbeatMs, electionMs });
        if (valid) {
          expect(pulse(derive())).toEqual([heartbeatMs, electionMs]);
        } else {
          expect(derive).toThrow(ValidationError);
        }
      }),
    );
  });
});
