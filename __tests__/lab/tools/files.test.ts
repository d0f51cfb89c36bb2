import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readJson, withLock, writeAtomically } from "../../../lab/tools/files";
import { recordOf } from "../../../lab/tools/process-record";

const directory = mkdtempSync(join(tmpdir(), "records-"));
afterAll(() => {
  rmSync(directory, { recursive: true });
});

describe("a lock", () => {
  it("is held by one at a time, in the order of asking", async () => {
    const path = join(directory, "order.lock");
    const events: string[] = [];
    await Promise.all(
      ["a", "b", "c"].map((name) =>
        withLock(path, async () => {
          events.push(`${name} in`);
          await sleep(10);
          events.push(`${name} out`);
        }),
      ),
    );
    expect(events).toEqual(["a in", "a out", "b in", "b out", "c in", "c out"]);
    expect(existsSync(path)).toBe(false);
  });

  it("is given back when its holder fails", async () => {
    const path = join(directory, "failing.lock");
    await expect(withLock(path, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    await expect(withLock(path, () => Promise.resolve("yes"))).resolves.toBe("yes");
  });

  it("of a dead process is void", async () => {
    const path = join(directory, "stale.lock");
    // Recorded while it surely lives, and ended then.
    const child = spawn("sleep", ["60"]);
    const record = recordOf(child.pid ?? 0);
    child.kill("SIGKILL");
    await once(child, "exit");
    writeFileSync(path, JSON.stringify(record));
    await expect(withLock(path, () => Promise.resolve("mine"), 2000)).resolves.toBe("mine");
  });

  it("of another living process is waited for, and the wait is bounded", async () => {
    const path = join(directory, "held.lock");
    const child = spawn("sleep", ["60"]);
    writeFileSync(path, JSON.stringify(recordOf(child.pid ?? 0)));
    await expect(withLock(path, () => Promise.resolve(), 100)).rejects.toThrow(`held by process ${child.pid ?? 0}`);
    child.kill("SIGKILL");
    await expect(withLock(path, () => Promise.resolve("mine"), 5000)).resolves.toBe("mine");
  });

  it("leaves nothing behind", () => {
    expect(readdirSync(directory).filter((name) => name.includes("lock"))).toEqual([]);
  });
});

describe("a record", () => {
  it("is read back, and what cannot be read is not there", () => {
    const path = join(directory, "deep", "record.json");
    expect(readJson(path)).toBeUndefined();
    writeAtomically(path, '{"a":1}');
    expect(readJson(path)).toEqual({ a: 1 });
    writeFileSync(path, '{"a":');
    expect(readJson(path)).toBeUndefined();
  });
});
