import { mkdtempSync, appendFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { failoverTrials, profileTrials, trialName } from "../../../proofs/bench/wan-tuning/clusters";
import { firstAcknowledged } from "../../../proofs/bench/wan-tuning/first-acknowledged";
import { markdownTable, percent } from "../../../proofs/bench/wan-tuning/markdown";
import { OperationLog, type Operation } from "../../../proofs/bench/wan-tuning/operations";
import { nearestFirst, SETTINGS, timeouts } from "../../../proofs/bench/wan-tuning/settings";
import { errorPercent, median, quantile, worst } from "../../../proofs/bench/wan-tuning/statistics";
import { summarize } from "../../../proofs/bench/wan-tuning/summary";

function write(startMs: number, endMs: number, ok = true, dueMs = startMs): Operation {
  return { kind: "put", dueMs, startMs, endMs, ok };
}

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

describe("the first write after a loss of power", () => {
  it("is one that began after it: those before may be acknowledged on what was already on its way", () => {
    const operations = [write(900, 1010), write(1001, 2600), write(1500, 2500)];
    expect(firstAcknowledged(operations, 1000)).toBe(2500);
  });

  it("is not one that failed", () => {
    expect(firstAcknowledged([write(1001, 1100, false)], 1000)).toBeUndefined();
  });
});

describe("a summary", () => {
  it("counts from when a write was due: one that had to wait for its turn stalled its caller too", () => {
    const { count, failed, worstMs } = summarize([write(0, 100), write(500, 600, false, 0)]);
    expect({ count, failed, worstMs }).toEqual({ count: 2, failed: 1, worstMs: 600 });
  });
});

describe("a history that is being written", () => {
  const dir = mkdtempSync(path.join(tmpdir(), "history-"));
  const file = path.join(dir, "history.jsonl");
  const record = (start: number): string =>
    JSON.stringify({ kind: "put", due: start * 1e6, start: start * 1e6, end: (start + 1) * 1e6, ok: true });

  afterAll(() => {
    rmSync(dir, { recursive: true });
  });

  it("is read on from where it was, whole lines only", () => {
    writeFileSync(file, `${record(1)}\n${record(2).slice(0, 20)}`);
    const log = new OperationLog(file);
    expect(log.next().map(({ startMs }) => startMs)).toEqual([1]);
    expect(log.next()).toEqual([]);
    appendFileSync(file, `${record(2).slice(20)}\n{"kind":"watch-open","key":"/","ok":true}\n`);
    expect(log.next().map(({ startMs }) => startMs)).toEqual([2]);
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

describe("a table", () => {
  it("is Markdown, aligned for those who read it as it is", () => {
    expect(
      markdownTable(
        ["leader", "error"],
        [
          ["lon1", percent(1.23)],
          ["sgp1", percent(-2)],
        ],
      ),
    ).toBe(["| leader |  error |", "| ------ | -----: |", "| lon1   | +1.2 % |", "| sgp1   | -2.0 % |"].join("\n"));
  });
});
