import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { parseHierarchies } from "../machines/control-groups";
import { waitUntil } from "../wan/process-record";

/** Beside the machines' groups, so that the kernel weighs it against theirs. */
const NAME = "etcdlab-operator";

/** A process that is killed ends once it leaves the kernel. */
const LONGEST_END_MS = 10_000;

/**
 * Has a process, and those that it will start, run only when nobody else on this host wants the processor: the operator's machine
 * is this one too, and its programs are not to be felt on the continents. Does nothing where the host cannot do that.
 */
export function giveWay(pid: number): void {
  const group = directory();
  if (group === undefined) return;
  try {
    mkdirSync(group, { recursive: true });
    writeFileSync(path.join(group, "cpu.idle"), "1");
    writeFileSync(path.join(group, "cgroup.procs"), String(pid));
  } catch {
    // An older kernel, a controller that is not handed down, or a process that has ended.
  }
}

/** Ends the operator's programs that still run, and removes their group: what was interrupted may have left them behind. */
export async function endOperators(): Promise<void> {
  const group = directory();
  if (group === undefined || !existsSync(group)) return;
  await waitUntil(
    () => {
      for (const pid of membersOf(group)) end(pid);
      return membersOf(group).length === 0;
    },
    LONGEST_END_MS,
    50,
  );
  rmdirSync(group);
}

function membersOf(group: string): number[] {
  return readFileSync(path.join(group, "cgroup.procs"), "utf8").split("\n").filter(Boolean).map(Number);
}

function end(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

function directory(): string | undefined {
  const { legacy, unified } = parseHierarchies(readFileSync("/proc/self/mountinfo", "utf8"));
  const mount = legacy.cpu ?? unified;
  return mount === undefined ? undefined : path.join(mount, NAME);
}
