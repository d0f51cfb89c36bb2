import { spawn } from "node:child_process";
import { mkdir } from "node:fs/promises";
import * as path from "node:path";
import { ToolError } from "./tool-error";

/** How to wait for a lock. */
export interface LockOptions {
  /** Longest wait for the lock, in milliseconds. @default - no limit */
  readonly timeoutMs?: number;
  /** Called once if the lock is not acquired within 300 ms. @default - nothing is called */
  readonly onWait?: () => void;
}

const WORTH_TELLING_MS = 300;
/** Exit status of flock(1) for an expired time limit, chosen here. */
const TOO_LATE = 75;

/**
 * Runs `action` with an exclusive lock on `file`, against other calls in this process and in others.
 *
 * Node has no flock(2), so flock(1) takes the lock and executes cat, which holds it until our pipe closes. The kernel
 * thus frees the lock when this process ends, however it ends. There are no stale locks, and no process numbers to
 * compare, which would mean nothing across process namespaces. The file stays: if it were removed, two processes could
 * hold the lock.
 *
 * @throws ToolError if the lock is not acquired in time, or flock cannot be run
 */
export async function withLock<T>(file: string, action: () => Promise<T>, options: LockOptions = {}): Promise<T> {
  const release = await take(file, options);
  try {
    return await action();
  } finally {
    await release();
  }
}

/** Takes the lock; returns the function that releases it. */
async function take(file: string, { timeoutMs, onWait }: LockOptions): Promise<() => Promise<void>> {
  await mkdir(path.dirname(file), { recursive: true });
  const limit = timeoutMs === undefined ? [] : ["--timeout", String(timeoutMs / 1000)];
  return new Promise((resolve, reject) => {
    // Detached: Ctrl-C in the terminal must not free the lock while we are still cleaning up.
    const holder = spawn("flock", [...limit, `--conflict-exit-code=${TOO_LATE}`, "--no-fork", file, "cat"], {
      stdio: ["pipe", "pipe", "pipe"],
      detached: true,
    });
    const ended = new Promise<void>((done) => {
      holder.once("close", () => {
        done();
      });
    });
    const waiting = onWait && setTimeout(onWait, WORTH_TELLING_MS);
    let stderr = "";
    holder.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    holder.stdin.on("error", () => undefined);
    holder.once("error", (error) => {
      clearTimeout(waiting);
      reject(
        new ToolError(
          `${file} cannot be locked: flock cannot be run (${error.message}).`,
          "Install util-linux; the lab runs on Linux only.",
        ),
      );
    });
    holder.once("close", (code) => {
      clearTimeout(waiting);
      reject(
        code === TOO_LATE
          ? new ToolError(
              `Another process has had the lock ${file} for ${(timeoutMs ?? 0) / 1000} s.`,
              "If none should run, look for it with fuser, and end it.",
            )
          : new ToolError(
              `The lock ${file} cannot be taken: ${stderr.trim()}.`,
              "Check that its directory is writable.",
            ),
      );
    });
    // The echo shows that flock has the lock and has executed cat.
    holder.stdin.write("\n");
    holder.stdout.once("data", () => {
      clearTimeout(waiting);
      resolve(async () => {
        holder.stdin.end();
        await ended;
      });
    });
  });
}
