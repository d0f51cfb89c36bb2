import { readdirSync, readFileSync } from "node:fs";

/** A process, distinguished from later ones with the same number. */
export interface ProcessRecord {
  readonly pid: number;
  /** When it started, in clock ticks since boot: field 22 of /proc/<pid>/stat. */
  readonly startTime: number;
  /** The boot of the host that these ticks count from. */
  readonly bootId: string;
}

let bootId: string | undefined;

export function currentBootId(): string {
  bootId ??= readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  return bootId;
}

/** Parses /proc/<pid>/stat; the name in parentheses may itself contain parentheses and spaces. */
export function parseStat(stat: string): {
  readonly state: string;
  readonly parent: number;
  readonly startTime: number;
} {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return { state: fields[0] ?? "", parent: Number(fields[1]), startTime: Number(fields[19]) };
}

/** The process that has this number now; undefined if there is none or it is a zombie. */
export function recordOf(pid: number): ProcessRecord | undefined {
  try {
    const stat = parseStat(readFileSync(`/proc/${pid}/stat`, "utf8"));
    return stat.state === "Z" || stat.state === "X"
      ? undefined
      : { pid, startTime: stat.startTime, bootId: currentBootId() };
  } catch {
    return undefined;
  }
}

/** Whether the recorded process still runs. */
export function isAlive(record: ProcessRecord | undefined): record is ProcessRecord {
  if (!record || record.bootId !== currentBootId()) {
    return false;
  }
  return recordOf(record.pid)?.startTime === record.startTime;
}

/** Sends a signal to the recorded process and to no other. */
export function signal(record: ProcessRecord | undefined, name: NodeJS.Signals | number): void {
  if (!isAlive(record)) {
    return;
  }
  try {
    process.kill(record.pid, name);
  } catch {
    // It has ended meanwhile.
  }
}

/** All processes whose command line satisfies the condition. */
export function processesWith(condition: (argv: readonly string[]) => boolean): ProcessRecord[] {
  return processNumbers()
    .filter((pid) => condition(procFile(pid, "cmdline").split("\0").slice(0, -1)))
    .flatMap((pid) => recordOf(pid) ?? []);
}

/** The numbers of all processes. */
export function processNumbers(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** The text of /proc/<pid>/<name>, empty if the process has ended. */
export function procFile(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8");
  } catch {
    return "";
  }
}
