import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { isAlive, parseStat, recordOf, signal } from "../../../lab/tools/process-record";
import { waitUntil } from "../../../lab/tools/wait";

describe("a recorded process", () => {
  it("is found by number and start, whatever its name", () => {
    const rest = ["7", ...Array<string>(17).fill("0"), "4242", "1"].join(" ");
    expect(parseStat(`12 (tricky) name (x) S ${rest}`)).toEqual({ state: "S", parent: 7, startTime: 4242 });
  });

  it("is alive while it runs, and then not", async () => {
    const child = spawn("sleep", ["60"]);
    const record = recordOf(child.pid ?? 0);
    expect(isAlive(record)).toBe(true);
    signal(record, "SIGKILL");
    await once(child, "exit");
    expect(isAlive(record)).toBe(false);
  });

  it("is not the one that got its number later, which is left alone", async () => {
    const child = spawn("sleep", ["60"]);
    const record = recordOf(child.pid ?? 0);
    const stale = record && { ...record, startTime: record.startTime - 1 };
    expect(isAlive(stale)).toBe(false);
    signal(stale, "SIGKILL");
    await sleep(50);
    expect(isAlive(record)).toBe(true);
    child.kill("SIGKILL");
  });

  it("does not survive a restart of the host", () => {
    const me = recordOf(process.pid);
    expect(isAlive(me && { ...me, bootId: "another" })).toBe(false);
  });
});

describe("waiting", () => {
  it("ends with the condition or with the time", async () => {
    let turns = 0;
    expect(await waitUntil(() => ++turns > 3, 1000, 1)).toBe(true);
    expect(await waitUntil(() => false, 20, 5)).toBe(false);
  });
});
