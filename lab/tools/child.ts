import type { ChildProcess } from "node:child_process";
import { once } from "node:events";

/** Whether a child process is no more, by itself or by a signal. */
export function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

/**
 * Tells a child process to end and waits until it has, however long that takes; one that has ended already is no failure.
 *
 * @param name of the signal; SIGTERM unless told
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
