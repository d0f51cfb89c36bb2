import { setTimeout as sleep } from "node:timers/promises";

/** Waits until the condition holds; returns false if it does not within `timeoutMs`. */
export async function waitUntil(
  condition: () => boolean | Promise<boolean>,
  timeoutMs: number,
  everyMs = 20,
): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    if (await condition()) {
      return true;
    }
    if (Date.now() >= deadline) {
      return false;
    }
    await sleep(everyMs);
  }
}

/** Waits until the condition holds; throws, naming what was waited for, if it does not in time. */
export async function waitFor(
  what: string,
  condition: () => boolean | Promise<boolean>,
  seconds: number,
  everyMs = 250,
): Promise<void> {
  if (!(await waitUntil(condition, seconds * 1000, everyMs))) throw new Error(`${what}: not within ${seconds} s`);
}
