import { randomBytes } from "node:crypto";
import { mkdir, readdir, rename, stat } from "node:fs/promises";
import { homedir } from "node:os";
import * as path from "node:path";
import { run } from "./command";
import { withLock } from "./file-lock";
import { silent, type Progress } from "./progress";

/** Names a cache entry. `version` has everything that the content depends on. */
export interface CacheKey {
  readonly name: string;
  readonly version: string;
}

const CACHE = "TERRAFORM_LAB_CACHE";

/**
 * The directory of the cache of downloads and builds, which all checkouts share: $TERRAFORM_LAB_CACHE, else
 * `terraform-lab` in the user's cache.
 */
export function cacheRoot(): string {
  const chosen = process.env[CACHE];
  return chosen !== undefined && path.isAbsolute(chosen) ? chosen : inUsersCache("terraform-lab");
}

/**
 * Puts the cache, of this process and of those that it starts, into a directory of that name in the user's cache, unless
 * $TERRAFORM_LAB_CACHE is set.
 */
export function keepCacheIn(name: string): void {
  process.env[CACHE] ??= inUsersCache(name);
}

function inUsersCache(name: string): string {
  const xdg = process.env.XDG_CACHE_HOME;
  // The XDG specification says to ignore a relative path.
  return path.join(xdg !== undefined && path.isAbsolute(xdg) ? xdg : path.join(homedir(), ".cache"), name);
}

/** The directory of an entry, which need not exist. */
export function cachePath(key: CacheKey): string {
  return path.join(cacheRoot(), key.name, key.version);
}

/**
 * The directory of a cache entry, filled by `fill` if it does not exist.
 *
 * `fill` gets an empty directory, which is renamed to become the entry when `fill` resolves. So an entry is either
 * complete or absent, even after a power cut. If two processes want the same entry, one fills it and the other waits.
 */
export async function cached(
  key: CacheKey,
  fill: (dir: string) => Promise<void>,
  progress: Progress = silent,
): Promise<string> {
  const entry = cachePath(key);
  if (await exists(entry)) return entry;

  const label = `${key.name}@${key.version}`;
  const onWait = (): void => {
    progress(`Waiting for another run that is preparing ${key.name} ${key.version}`);
  };
  await withLock(path.join(cacheRoot(), ".locks", label), () => fillOnce(entry, label, fill), { onWait });
  return entry;
}

/** Fills an entry, unless another process has done so meanwhile. */
async function fillOnce(entry: string, label: string, fill: (dir: string) => Promise<void>): Promise<void> {
  if (await exists(entry)) return;
  const work = path.join(cacheRoot(), ".work");
  await mkdir(work, { recursive: true });
  // We hold the lock, so directories with our label are of interrupted runs.
  for (const left of await readdir(work)) {
    if (left.startsWith(`${label}~`)) await removeTree(path.join(work, left));
  }
  const dir = path.join(work, `${label}~${randomBytes(6).toString("hex")}`);
  await mkdir(dir);
  try {
    await fill(dir);
    await mkdir(path.dirname(entry), { recursive: true });
    await rename(dir, entry);
  } catch (error) {
    await removeTree(dir);
    throw error;
  }
}

/** Removes a tree, except file systems that an interrupted build left mounted in it. */
export async function removeTree(dir: string): Promise<void> {
  await run(["rm", "-rf", "--one-file-system", "--", dir]);
}

/** Whether the entry exists; it is complete then. */
export async function isCached(key: CacheKey): Promise<boolean> {
  return exists(cachePath(key));
}

async function exists(file: string): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch {
    return false;
  }
}
