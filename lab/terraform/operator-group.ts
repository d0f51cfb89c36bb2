import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { parseHierarchies } from "../machines/control-groups";
import { waitUntil } from "../tools/wait";

/** A killed process may take this long to end if it is inside a system call. */
const LONGEST_END_MS = 10_000;

/** The operator's programs' share of a busy processor. */
export enum OperatorPriority {
  /** A small share: they make progress, with little effect on the machines. */
  LOW = "low",
  /** No share: they run only on idle processors. For measurements of what clients notice. */
  IDLE = "idle",
}

/** Half of the default, in the units of version 1 and version 2 of control groups. */
const LOW_SHARES = "512";
const LOW_WEIGHT = "50";

/**
 * The control group of the operator's programs. They run on the same host as the lab's machines, which real machines
 * would not notice. The group is beside that of the machines, so that the kernel weighs the two against each other.
 */
export class OperatorGroup {
  private readonly directory?: string;
  private readonly unified: boolean;

  /** @param lab the control group of the lab's machines */
  public constructor(lab: string) {
    const { legacy, unified } = parseHierarchies(readFileSync("/proc/self/mountinfo", "utf8"));
    const mount = legacy.cpu ?? unified;
    this.unified = legacy.cpu === undefined;
    this.directory = mount === undefined ? undefined : path.join(mount, `${lab}-operator`);
  }

  /** Runs a process, and those that it will start, at a priority. Does nothing if the host does not support that. */
  public add(pid: number, priority: OperatorPriority): void {
    if (this.directory === undefined) return;
    try {
      mkdirSync(this.directory, { recursive: true });
      // The weight of an idle group cannot be set.
      this.write("cpu.idle", priority === OperatorPriority.IDLE ? "1" : "0");
      if (priority === OperatorPriority.LOW) {
        if (this.unified) this.write("cpu.weight", LOW_WEIGHT);
        else this.write("cpu.shares", LOW_SHARES);
      }
      this.write("cgroup.procs", String(pid));
    } catch {
      // An older kernel, a controller that is not enabled here, or a process that has ended.
    }
  }

  /** Kills programs that an interrupted run left, and removes the group. */
  public async end(): Promise<void> {
    const { directory } = this;
    if (directory === undefined || !existsSync(directory)) return;
    await waitUntil(
      () => {
        for (const pid of membersOf(directory)) end(pid);
        return membersOf(directory).length === 0;
      },
      LONGEST_END_MS,
      50,
    );
    rmdirSync(directory);
  }

  private write(file: string, value: string): void {
    writeFileSync(path.join(this.directory ?? "", file), value);
  }
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
