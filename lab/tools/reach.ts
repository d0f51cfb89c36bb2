import { mkdir, readFile, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { cacheRoot } from "./cache";
import { CommandError, run } from "./command";

/** How long a host that could not be reached is not tried again, in milliseconds. */
const FORGET_AFTER_MS = 24 * 60 * 60 * 1000;

/** Seconds allowed for name resolution, connection and TLS handshake together. */
export const CONNECT_TIMEOUT_S = 4;

/**
 * curl's exit codes for a host that cannot be reached: name, connection, time-out, TLS, proxy. Others (a 404, a
 * connection lost in the middle) say nothing about the host.
 */
const UNREACHABLE = new Set([5, 6, 7, 28, 35, 56, 60, 97]);

/** Whether `error` is curl's report that the host cannot be reached. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof CommandError && error.exitCode !== undefined && UNREACHABLE.has(error.exitCode);
}

/** Environment variable to set where no network leads out, as in a test's namespaces: no host is tried then. */
export const NO_WAY_OUT = "TERRAFORM_LAB_OFFLINE";

/** Whether `host` could not be reached within the last day, so that a repeated run need not wait for it again. */
export async function knownUnreachable(host: string, now: number = Date.now()): Promise<boolean> {
  if (process.env[NO_WAY_OUT] !== undefined) return true;
  try {
    const since = Number.parseInt(await readFile(noteOf(host), "utf8"), 10);
    return now >= since && now - since < FORGET_AFTER_MS;
  } catch {
    return false;
  }
}

/** Remembers that `host` cannot be reached from here. */
export async function rememberUnreachable(host: string, now: number = Date.now()): Promise<void> {
  await mkdir(path.dirname(noteOf(host)), { recursive: true });
  await writeFile(noteOf(host), String(now));
}

/** Whether `url` answers at all, within a time limit; remembered for a day if its host cannot be reached. */
export async function reachable(url: string): Promise<boolean> {
  const { hostname } = new URL(url);
  if (await knownUnreachable(hostname)) return false;
  try {
    const limit = String(CONNECT_TIMEOUT_S);
    await run(["curl", "-sS", "-o", "/dev/null", "--connect-timeout", limit, "--max-time", limit, url]);
    return true;
  } catch (error) {
    if (isUnreachable(error)) await rememberUnreachable(hostname);
    return false;
  }
}

function noteOf(host: string): string {
  return path.join(cacheRoot(), "unreachable", host);
}
