import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { parseHierarchies } from "../machines/control-groups";
import { waitUntil } from "../tools/wait";

/** A process that is killed ends once it leaves the kernel. */
const LONGEST_END_MS = 10_000;

/** Which part of a processor the operator's programs get where others want it too. */
export enum OperatorPriority {
  /** A small one: they neither starve nor are felt much on the continents. */
  LOW = "low",
  /** None: they run when nobody else wants the processor. For when what clients feel is measured. */
  IDLE = "idle",
}

/** Half of what any other program gets, in the units of either version of control groups. */
const LOW_SHARES = "512";
const LOW_WEIGHT = "50";

/**
 * The operator's programs, which run on this host too: on continents of their own, machines would not feel them. Their control group is
 * beside that of the machines, so that the kernel weighs one against the other.
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

  /** Has a process, and those that it will start, run at that priority. Does nothing where the host cannot do that. */
  public add(pid: number, priority: OperatorPriority): void {
    if (this.directory === undefined) return;
    try {
      mkdirSync(this.directory, { recursive: true });
      // A group that is idle has no weight to set.
      this.write("cpu.idle", priority === OperatorPriority.IDLE ? "1" : "0");
      if (priority === OperatorPriority.LOW) {
        if (this.unified) this.write("cpu.weight", LOW_WEIGHT);
        else this.write("cpu.shares", LOW_SHARES);
      }
      this.write("cgroup.procs", String(pid));
    } catch {
      // An older kernel, a controller that is not handed down, or a process that has ended.
    }
  }

  /** Ends those that still run, and removes the group: what was interrupted may have left them behind. */
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
