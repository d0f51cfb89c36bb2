import type { ChildProcess } from "node:child_process";
import { once } from "node:events";

/** Whether a child process has ended, by itself or by a signal. */
export function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

/**
 * Sends a signal to a child process and waits for its end without a time limit. It may have ended already.
 *
 * @param name of the signal
 * @returns its exit status, null if it was ended by a signal
 */
export async function endChild(child: ChildProcess, name: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
  if (!hasEnded(child)) {
    const exit = once(child, "exit");
    child.kill(name);
    await exit;
  }
  return child.exitCode;
}
