import fc from "fast-check";

import { QuorumModel, RoundTripTimes, Tuning, TuningProfile } from "../../lib/wan";
import { anyCluster } from "./matrices";

const roundTripTimes = RoundTripTimes.digitalOcean();
const memberLocations = ["lon1", "nyc3", "sgp1"];
const anyProfile = fc.constantFrom(...Object.values(TuningProfile));

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

  test("deadlines follow the election timeout as etcd counts it", () => {
    const tuning = Tuning.derive({ roundTripTimes, memberLocations, heartbeatMs: 100, electionMs: 799 });
    // 5000 + 2 x 700, not 2 x 799
    expect(tuning.serverRequestTimeoutMs).toBe(6400);
  });

  test("near clusters log requests as slow from etcd's own default on", () => {
    const tuning = Tuning.derive({ roundTripTimes, memberLocations: ["lon1", "ams3", "fra1"] });
    expect(tuning.slowRequestLogMs).toBe(100);
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
    const lossy = RoundTripTimes.of([{ a: "lon1", b: "sgp1", p50: 224, lossPercent: 5 }]);
    const { warnings } = Tuning.derive({ roundTripTimes: lossy, memberLocations: ["lon1", "sgp1"] });
    expect(warnings).toEqual([expect.stringContaining("5 % of packets")]);
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
});
