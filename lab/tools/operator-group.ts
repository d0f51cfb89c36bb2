import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { parseHierarchies } from "../machines/control-groups";

/** Beside the machines' groups, so that the kernel weighs it against theirs. */
const NAME = "etcdlab-operator";

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

/** Removes the group, unless somebody is in it. */
export function removeOperatorGroup(): void {
  const group = directory();
  if (group === undefined) return;
  try {
    rmdirSync(group);
  } catch {
    // It was never there, or another deploy runs.
  }
}

function directory(): string | undefined {
  const { legacy, unified } = parseHierarchies(readFileSync("/proc/self/mountinfo", "utf8"));
  const mount = legacy.cpu ?? unified;
  return mount === undefined ? undefined : path.join(mount, NAME);
}
