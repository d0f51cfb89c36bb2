import fc from "fast-check";

import { ValidationError } from "../../lib/validation-error";
import type { RoundTripTimePair } from "../../lib/wan";
import { QuorumModel, RoundTripTimes, Tuning, TuningProfile } from "../../lib/wan";
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

  test("deadlines follow what is effective", () => {
    // 5000 + 2 x 700, not 2 x 799
    expect(derive({ heartbeatMs: 100, electionMs: 799 })().serverRequestTimeoutMs).toBe(6400);
  });
});

describe("what follows from it, across London, New York and Singapore (p95 229 ms, election 580 ms)", () => {
  test.each([
    ["failoverMs", 4200], // 4 x 580 + 8 x 229 = 4152
    ["silenceMs", 5000], // etcd's own time to give a connection up
    ["serverRequestTimeoutMs", 6160], // 5000 + 2 x 580
    ["peerDialTimeoutMs", 1580], // 1000 + 580
    ["clientDialTimeoutMs", 4000], // 4 x 229 + 3000 = 3916
    ["clientAttemptTimeoutMs", 750], // New York to a leader in Singapore 229, its commit 183, and 300: 712
    ["clientTotalTimeoutMs", 5700], // 4200 + 2 x 750
    ["handoverPauseMs", 1500], // 2 x 750
    ["clientKeepaliveTimeMs", 10_000],
    ["clientKeepaliveTimeoutMs", 2700], // 3 x 229 + 2000 = 2687
    ["etcdctlCommandTimeoutMs", 7000], // 6160 + 687 = 6847
    ["startBudgetMs", 83_000], // 60000 + 3 x 6160 + 4200 = 82680
    ["rolloutHealthWaitMs", 123_000], // 83000 + 4200 + 5 x 7000 = 122200
    ["slowRequestLogMs", 600], // 1.25 x (229 from New York to a leader in Singapore + its commit 183) = 515
    ["leaderSettleMs", 45_000], // at least; 5 x 6160 = 30800
    ["peerRoundTripAlertMs", 287], // 1.25 x 229
    ["commitAlertMs", 500], // 286, in the bucket from 250
    ["requestAlertMs", 1000], // 573, in the bucket from 500
  ])("%s is %d", (name, ms) => {
    expect(Tuning.derive({ roundTripTimes, memberLocations })).toHaveProperty(name, ms);
  });

  test("a write that meets a transfer and its repetition take 1.2 s at most", () => {
    const { clientAttemptTimeoutMs } = Tuning.derive({ roundTripTimes, memberLocations });
    const repeated = new QuorumModel({ roundTripTimes, memberLocations }).leaderAt("nyc3");
    expect(clientAttemptTimeoutMs + repeated.worstWriteMs).toBeLessThanOrEqual(1200);
  });

  test("a single member has no distance, but a lost segment and a disk", () => {
    const alone = Tuning.derive({ roundTripTimes, memberLocations: ["lon1"] });
    expect(alone.clientAttemptTimeoutMs).toBe(300);
    expect(alone.clientTotalTimeoutMs).toBe(4600); // 4 x 1000 + 2 x 300
  });

  test("clients far away get longer deadlines: Sydney to London 266 x 1.1", () => {
    const tuning = Tuning.derive({
      roundTripTimes,
      memberLocations: ["lon1", "ams3", "fra1"],
      clientLocations: ["syd1"],
    });
    // p95 to the farthest 292.6: 4 x 292.6 + 3000 = 4170. One attempt: through London, the
    // nearest, 287.1, from there to a leader in Frankfurt 18.7, its commit 12.1, and 300: 617.9
    expect(tuning.clientDialTimeoutMs).toBe(4200);
    expect(tuning.clientAttemptTimeoutMs).toBe(650);
    expect(tuning.serverRequestTimeoutMs).toBe(6100);
  });

  test("near clusters keep the published alert thresholds", () => {
    const tuning = Tuning.derive({ roundTripTimes, memberLocations: ["lon1", "ams3", "fra1"] });
    expect(tuning.peerRoundTripAlertMs).toBe(50);
    expect(tuning.requestAlertMs).toBe(150);
    expect(tuning.slowRequestLogMs).toBe(100);
  });

  test("each pair has an alert threshold of its own", () => {
    const tuning = Tuning.derive({ roundTripTimes, memberLocations });
    expect(tuning.peerRoundTripAlertBetweenMs("lon1", "nyc3")).toBe(100); // 1.25 x 80
    expect(tuning.peerRoundTripAlertBetweenMs("lon1", "sgp1")).toBe(229); // 1.25 x 183
  });

  test("the failover covers what was measured with the leader killed, worst of ten", () => {
    const measured: [number, number, number][] = [
      [70, 700, 2890],
      [100, 1000, 3960],
      [100, 2500, 4320],
      [224, 2240, 7980],
      [1000, 5000, 8400],
      [250, 5000, 16_200],
    ];
    for (const [heartbeatMs, electionMs, worst] of measured) {
      const tuning = Tuning.derive({ roundTripTimes, memberLocations, heartbeatMs, electionMs });
      expect(tuning.failoverMs).toBeGreaterThan(worst);
    }
  });
});

describe("warnings", () => {
  test("there are none for a measured, quiet network", () => {
    expect(Tuning.derive({ roundTripTimes, memberLocations }).warnings).toEqual([]);
  });

  test("estimated round-trip times are a reason to measure", () => {
    const { warnings } = Tuning.derive({ roundTripTimes, memberLocations: ["atl1", "lon1", "sgp1"] });
    expect(warnings).toEqual([expect.stringMatching(/atl1-lon1 \(95 ms\), atl1-sgp1 \(234 ms\).*Measure them/)]);
  });

  test("loss beyond what was tried is a reason to look for another path", () => {
    expect(Tuning.derive(pair({ p50: 224, lossPercent: 5 })).warnings).toEqual([
      expect.stringContaining("5 % of packets"),
    ]);
  });
});

describe("input that is incomplete", () => {
  test("no member is refused", () => {
    expect(() => Tuning.derive({ roundTripTimes, memberLocations: [] })).toThrow("one entry for each member");
  });

  test("a missing time is refused, for members and for clients", () => {
    expect(() => Tuning.derive({ roundTripTimes, memberLocations: ["lon1", "nyc9"] })).toThrow("did you mean nyc1");
    const far = { roundTripTimes, memberLocations, clientLocations: ["moon1"] };
    expect(() => Tuning.derive(far)).toThrow("nothing for moon1-lon1");
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

  test("the deadlines nest: round trip < attempt < total, failover < total, start < rollout", () => {
    fc.assert(
      fc.property(anyCluster, anyProfile, (cluster, profile) => {
        const tuning = Tuning.derive({ ...cluster, profile });
        const largest = cluster.roundTripTimes.largestP95Among(cluster.memberLocations);
        expect(tuning.clientAttemptTimeoutMs).toBeGreaterThan(largest);
        expect(tuning.clientTotalTimeoutMs).toBeGreaterThan(tuning.failoverMs + tuning.clientAttemptTimeoutMs);
        expect(tuning.etcdctlCommandTimeoutMs).toBeGreaterThanOrEqual(tuning.serverRequestTimeoutMs);
        expect(tuning.startBudgetMs).toBeGreaterThan(tuning.failoverMs);
        expect(tuning.rolloutHealthWaitMs).toBeGreaterThan(tuning.startBudgetMs);
        expect(tuning.peerRoundTripAlertMs).toBeGreaterThan(largest);
        expect(tuning.requestAlertMs).toBeGreaterThan(Math.min(2 * largest, 9999));
      }),
    );
  });

  test("a healthy write with a lost segment fits into one attempt, wherever client and leader are", () => {
    fc.assert(
      fc.property(anyCluster, (cluster) => {
        const { roundTripTimes, memberLocations, clientLocations } = cluster;
        const { clientAttemptTimeoutMs } = Tuning.derive(cluster);
        const quorum = new QuorumModel({ roundTripTimes, memberLocations });
        for (const leader of memberLocations) {
          for (const client of memberLocations) {
            const write = roundTripTimes.p95Between(client, leader) + quorum.commitP95Ms(leader);
            expect(clientAttemptTimeoutMs).toBeGreaterThanOrEqual(write + 300);
          }
          for (const client of clientLocations) {
            expect(clientAttemptTimeoutMs).toBeGreaterThanOrEqual(quorum.writeMs(client, leader) + 300);
          }
        }
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
