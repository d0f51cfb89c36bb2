import { randomBytes } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { isAlive, recordOf, waitUntil, type ProcessRecord } from "./process-record";

/** Writes a file so that a reader, or a crash, sees either the old or the new content. */
export function writeAtomically(path: string, content: string | Buffer, mode = 0o600): void {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString("hex")}.tmp`;
  writeFileSync(temporary, content, { mode });
  renameSync(temporary, path);
}

/** What a JSON file says, undefined if it is not there. */
export function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as unknown;
  } catch {
    // Never half-written, see above: what cannot be read is not there.
    return undefined;
  }
}

/** Who waits for each lock in this process: a lock file alone cannot tell two callers of one process apart. */
const queues = new Map<string, Promise<unknown>>();

/**
 * Runs `action` while nobody else, in this process or another, holds the same lock file. Locks of dead processes are void; all who use one
 * must be in the same process namespace. Unlike `lockFile` in ../tools/file-lock it starts no process, which would delay what is
 * done to the WAN while somebody measures what comes of it.
 *
 * @param timeoutMs longest wait for whoever has the lock
 * @throws Error that names the owner if it is not had in that time
 */
export async function withLock<T>(path: string, action: () => Promise<T>, timeoutMs = 120_000): Promise<T> {
  const before = queues.get(path) ?? Promise.resolve();
  const mine = before.then(async () => {
    await acquire(path, timeoutMs);
    try {
      return await action();
    } finally {
      rmSync(path, { force: true });
    }
  });
  const settled = mine.catch(() => undefined);
  queues.set(path, settled);
  try {
    return await mine;
  } finally {
    if (queues.get(path) === settled) {
      queues.delete(path);
    }
  }
}

async function acquire(path: string, timeoutMs: number): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  const me = recordOf(process.pid);
  // Written aside and linked into place: a lock is never seen without its owner.
  const mine = `${path}.${process.pid}.${randomBytes(4).toString("hex")}`;
  writeFileSync(mine, JSON.stringify(me));
  try {
    const got = await waitUntil(() => tryLink(mine, path), timeoutMs, 10);
    if (!got) {
      const owner = readJson(path) as ProcessRecord | undefined;
      throw new Error(`${path} has been held by process ${owner?.pid ?? "unknown"} for ${timeoutMs / 1000} s`);
    }
  } finally {
    rmSync(mine, { force: true });
  }
}

function tryLink(mine: string, path: string): boolean {
  try {
    linkSync(mine, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") {
      throw error;
    }
  }
  const owner = readJson(path) as ProcessRecord | undefined;
  if (owner && !isAlive(owner)) {
    // Only one of several waiters wins the rename, so nobody removes the next owner's lock.
    const stale = `${mine}.stale`;
    try {
      renameSync(path, stale);
      const taken = readJson(stale) as ProcessRecord | undefined;
      if (taken && isAlive(taken)) {
        // Between reading and renaming the lock changed hands: give it back.
        linkSync(stale, path);
      }
    } catch {
      // Another waiter was faster.
    }
    rmSync(stale, { force: true });
  }
  return false;
}
