import { readdirSync, readFileSync } from "node:fs";
import { parseStat, recordOf, signal, type ProcessRecord } from "../wan/process-record";

/** A process and all that it started, each told apart from any later process of the same number. */
export function processTree(root: number): ProcessRecord[] {
  const childrenOf = new Map<number, number[]>();
  for (const name of readdirSync("/proc").filter((each) => /^\d+$/.test(each))) {
    try {
      const { parent } = parseStat(readFileSync(`/proc/${name}/stat`, "utf8"));
      childrenOf.set(parent, [...(childrenOf.get(parent) ?? []), Number(name)]);
    } catch {
      // It ended while the others were read.
    }
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
