import { spawn } from "node:child_process";
import { mkdir } from "node:fs/promises";
import * as path from "node:path";
import { ToolError } from "./tool-error";

/** A lock that is held until `release` is called or this process ends, however it ends. */
export interface FileLock {
  release(): Promise<void>;
}

/**
 * Takes an exclusive lock on `file`, waiting for whoever has it; `onWait` is called once if there is a wait.
 *
 * Node has no flock(2), so flock(1) holds it: it reads our pipe and lets go when that closes. The kernel therefore
 * frees the lock with the process, and there are no stale locks to recognise, nor process numbers to compare: those who
 * share a cache may be in process namespaces of their own. That takes some 20 ms; `withLock` in ../wan/files takes less
 * than one, for what belongs to a single lab.
 */
export async function lockFile(file: string, onWait: () => void = () => undefined): Promise<FileLock> {
  await mkdir(path.dirname(file), { recursive: true });
  return new Promise((resolve, reject) => {
    // Detached: Ctrl-C in the terminal must not free the lock while we are still clearing up.
    const holder = spawn("flock", ["--exclusive", file, "sh", "-c", "echo locked; exec cat >/dev/null"], {
      stdio: ["pipe", "pipe", "pipe"],
      detached: true,
    });
    const ended = new Promise<void>((done) =>
      holder.once("close", () => {
        done();
      }),
    );
    const waiting = setTimeout(onWait, 300);
    let stderr = "";
    holder.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    holder.stdin.on("error", () => undefined);
    holder.once("error", (error) => {
      clearTimeout(waiting);
      reject(
        new ToolError(
          `The cache cannot be locked: flock cannot be run (${error.message}).`,
          "Install util-linux; the lab runs on Linux only.",
        ),
      );
    });
    holder.once("close", () => {
      clearTimeout(waiting);
      reject(
        new ToolError(`The lock ${file} cannot be taken: ${stderr.trim()}.`, "Check that its directory is writable."),
      );
    });
    holder.stdout.once("data", () => {
      clearTimeout(waiting);
      resolve({
        release: async () => {
          holder.stdin.end();
          await ended;
        },
      });
    });
  });
}
