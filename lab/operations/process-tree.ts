import { parseStat, processNumbers, procFile, recordOf, signal, type ProcessRecord } from "../wan/process-record";

/** A process and all that it started, each told apart from any later process of the same number. */
export function processTree(root: number): ProcessRecord[] {
  const childrenOf = new Map<number, number[]>();
  for (const pid of processNumbers()) {
    // Of one that ended while the others were read it is not a number, which nobody has.
    const { parent } = parseStat(procFile(pid, "stat"));
    childrenOf.set(parent, [...(childrenOf.get(parent) ?? []), pid]);
  }
  const pids = [root];
  for (const pid of pids) pids.push(...(childrenOf.get(pid) ?? []));
  return pids.flatMap((pid) => recordOf(pid) ?? []);
}

/**
 * Sends a signal to a process and all that it started. cdktf gives Terraform a terminal of its own, so that no process
 * group has them all.
 */
export function signalTree(root: number, name: NodeJS.Signals): void {
  for (const record of processTree(root)) signal(record, name);
}
