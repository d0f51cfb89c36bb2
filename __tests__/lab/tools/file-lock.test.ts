import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { withLock } from "../../../lab/tools/file-lock";

const directory = mkdtempSync(join(tmpdir(), "file-lock-"));
afterAll(() => {
  rmSync(directory, { recursive: true });
});

/** A process of its own that has the lock. */
async function holder(file: string): Promise<ChildProcess> {
  const child = spawn("flock", ["--no-fork", file, "cat"], { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.write("\n");
  await once(child.stdout, "data");
  return child;
}

describe("a lock", () => {
  it("is held by one at a time", async () => {
    const file = join(directory, "one.lock");
    let inside = 0;
    const most: number[] = [];
    await Promise.all(
      Array.from({ length: 20 }, () =>
        withLock(file, async () => {
          most.push(++inside);
          await sleep(2);
          inside -= 1;
        }),
      ),
    );
    expect(most).toEqual(Array(20).fill(1));
  });

  it("is given back when its holder fails", async () => {
    const file = join(directory, "failing.lock");
    await expect(withLock(file, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    await expect(withLock(file, () => Promise.resolve("yes"))).resolves.toBe("yes");
  });

  it("of another process is waited for, which is told, and the wait is bounded; it goes with that process", async () => {
    const file = join(directory, "held.lock");
    const child = await holder(file);
    let told = 0;
    const onWait = (): void => {
      told += 1;
    };
    await expect(withLock(file, () => Promise.resolve(), { timeoutMs: 500, onWait })).rejects.toThrow(
      `Another process has had the lock ${file} for 0.5 s.`,
    );
    expect(told).toBe(1);
    const mine = withLock(file, () => Promise.resolve("mine"));
    child.kill("SIGKILL");
    await expect(mine).resolves.toBe("mine");
  });
});
