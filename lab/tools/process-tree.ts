import { parseStat, processNumbers, procFile, recordOf, signal, type ProcessRecord } from "./process-record";

/** A process and its descendants. */
export function processTree(root: number): ProcessRecord[] {
  const childrenOf = new Map<number, number[]>();
  for (const pid of processNumbers()) {
    // NaN for a process that has ended meanwhile: it is nobody's parent.
    const { parent } = parseStat(procFile(pid, "stat"));
    childrenOf.set(parent, [...(childrenOf.get(parent) ?? []), pid]);
  }
  const pids = [root];
  for (const pid of pids) pids.push(...(childrenOf.get(pid) ?? []));
  return pids.flatMap((pid) => recordOf(pid) ?? []);
}

/** The processes of a tree that run a program of that name, of which the kernel keeps the first 15 characters. */
export function processesNamed(root: number, program: string): ProcessRecord[] {
  const kept = program.slice(0, 15);
  return processTree(root).filter(({ pid }) => procFile(pid, "comm").trimEnd() === kept);
}

/**
 * Sends a signal to a process and its descendants. A process group would not do: cdktf gives Terraform a terminal, and
 * so a process group, of its own.
 */
export function signalTree(root: number, name: NodeJS.Signals): void {
  for (const record of processTree(root)) signal(record, name);
}

/**
 * Sends a signal to the processes of one program in a tree. SIGINT to the whole tree would reach Terraform twice,
 * directly and as the ^C that cdktf types into its terminal, and on the second interrupt it ends without saving its
 * state.
 *
 * @returns the number of these processes
 */
export function signalNamed(root: number, program: string, name: NodeJS.Signals): number {
  const records = processesNamed(root, program);
  for (const record of records) signal(record, name);
  return records.length;
}
