import { parseStat, processNumbers, procFile, recordOf, signal, type ProcessRecord } from "./process-record";

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

/** Those of them that run a program of that name, of which the kernel keeps the first 15 characters. */
export function processesNamed(root: number, program: string): ProcessRecord[] {
  const kept = program.slice(0, 15);
  return processTree(root).filter(({ pid }) => procFile(pid, "comm").trimEnd() === kept);
}

/**
 * Sends a signal to a process and all that it started. cdktf gives Terraform a terminal of its own, so that no process
 * group has them all.
 */
export function signalTree(root: number, name: NodeJS.Signals): void {
  for (const record of processTree(root)) signal(record, name);
}

/**
 * Sends a signal to the processes of one program only. A signal to all would reach Terraform twice, directly and as the ^C that
 * cdktf types into its terminal, and the second interrupt ends it at once, its state unsaved.
 *
 * @returns how many there were
 */
export function signalNamed(root: number, program: string, name: NodeJS.Signals): number {
  const records = processesNamed(root, program);
  for (const record of records) signal(record, name);
  return records.length;
}
