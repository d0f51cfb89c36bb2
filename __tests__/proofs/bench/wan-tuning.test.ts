import { failoverTrials, profileTrials, trialName } from "../../../proofs/bench/wan-tuning/clusters";
import { nearestFirst, SETTINGS, timeouts } from "../../../proofs/bench/wan-tuning/settings";
import { summarize } from "../../../proofs/bench/wan-tuning/summary";
import type { Operation } from "../../../proofs/workload/operation-log";

function write(startMs: number, endMs: number, ok = true, dueMs = startMs): Operation {
  return { kind: "put", dueMs, startMs, endMs, ok };
}

describe("a summary", () => {
  it("counts from when a write was due: one that had to wait for its turn stalled its caller too", () => {
    const { count, failed, worstMs } = summarize([write(0, 100), write(500, 600, false, 0)]);
    expect({ count, failed, worstMs }).toEqual({ count: 2, failed: 1, worstMs: 600 });
  });
});

describe("what is compared", () => {
  it("is the library's default against what others set, with the library's client deadlines around each", () => {
    expect(SETTINGS.map(timeouts)).toEqual(["58/580", "100/2500", "100/1000", "224/2240", "250/5000"]);
  });

  it("is each profile under each condition", () => {
    const trials = profileTrials().map(({ setting, condition }) => `${setting.name} ${condition.name}`);
    expect(new Set(trials).size).toBe(9);
  });

  it("has a name for each cluster that fits into a list and into a host name", () => {
    const names = failoverTrials().map(trialName);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toContain("balanced/calm/nyc3");
    for (const name of names) expect(name).toMatch(/^[a-z0-9/-]+$/);
  });

  it("lets a client begin with the member that is nearest", () => {
    expect(nearestFirst("sgp1", ["nyc3", "lon1", "sgp1"])).toEqual(["sgp1", "lon1", "nyc3"]);
  });
});
