import { spawn } from "node:child_process";
import { mkdir } from "node:fs/promises";
import * as path from "node:path";
import { ToolError } from "./tool-error";

/** How to wait for a lock. */
export interface LockOptions {
  /** Longest wait for whoever has it, in milliseconds. @default - as long as it takes */
  readonly timeoutMs?: number;
  /** Called once if it is not had within 300 ms. @default - nobody is told */
  readonly onWait?: () => void;
}

const WORTH_TELLING_MS = 300;
/** What flock(1) ends with if the time is up. */
const TOO_LATE = 75;

/**
 * Runs `action` while nobody else, in this process or another, has an exclusive lock on `file`.
 *
 * Node has no flock(2), so flock(1) takes it and becomes a cat, which keeps it until our pipe closes. So the kernel frees the lock
 * with this process, however that ends: there are no stale locks to tell from others, and no process numbers to compare, which mean
 * nothing across process namespaces. The file stays; removing it could let two have the lock.
 *
 * @throws ToolError if the lock is not had in time, or flock can't be run
 */
export async function withLock<T>(file: string, action: () => Promise<T>, options: LockOptions = {}): Promise<T> {
  const release = await take(file, options);
  try {
    return await action();
  } finally {
    await release();
  }
}

/** Takes the lock; returns how to give it back. */
async function take(file: string, { timeoutMs, onWait }: LockOptions): Promise<() => Promise<void>> {
  await mkdir(path.dirname(file), { recursive: true });
  const limit = timeoutMs === undefined ? [] : ["--timeout", String(timeoutMs / 1000)];
  return new Promise((resolve, reject) => {
    // Detached: Ctrl-C in the terminal must not free the lock while we are still clearing up.
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
    // What it says back tells that it is the cat now.
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
