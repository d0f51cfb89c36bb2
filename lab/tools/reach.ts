import { mkdir, readFile, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { cacheRoot } from "./cache";
import { CommandError, run } from "./command";

/** How long a host that could not be reached is not tried again. */
const FORGET_AFTER_MS = 24 * 60 * 60 * 1000;

/** Seconds allowed for the name, the connection and the TLS handshake. */
export const CONNECT_TIMEOUT_S = 4;

/**
 * curl's exit codes for "there is no way to that host": name, connection, time-out, TLS, proxy. Anything else (a 404,
 * a cut in the middle) says nothing about the host.
 */
const UNREACHABLE = new Set([5, 6, 7, 28, 35, 56, 60, 97]);

/** True if `error` is curl saying that the host cannot be reached from here. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof CommandError && error.exitCode !== undefined && UNREACHABLE.has(error.exitCode);
}

/** Set where no network leads out, as in the namespaces of a test: no host is tried then, and nothing remembered of any. */
export const NO_WAY_OUT = "TERRAFORM_LAB_OFFLINE";

/** True if `host` could not be reached within the last day, so that a repeated run need not wait for it again. */
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

/** True if `url` answers at all; bounded, and remembered for a day if its host cannot be reached. */
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
