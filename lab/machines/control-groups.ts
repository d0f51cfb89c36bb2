import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { waitUntil } from "../tools/wait";

/**
 * Processor weight of all machines of a lab together, relative to any other control group of the host. Real machines
 * would have their processors to themselves: without this, a compiler that runs beside the lab makes members miss
 * heartbeats.
 */
const MACHINES_WEIGHT = 4;

/** Mount points of the host's control group file systems. */
export interface Hierarchies {
  /** The unified hierarchy (cgroup v2), if there is one. */
  readonly unified?: string;
  /** Version 1 hierarchies by controller ("memory", "cpu", ..., and "systemd" for the one without a controller). */
  readonly legacy: Readonly<Record<string, string | undefined>>;
}

export function parseHierarchies(mountInfo: string): Hierarchies {
  const legacy: Record<string, string> = {};
  let unified: string | undefined;
  for (const line of mountInfo.split("\n")) {
    const [before = "", after = ""] = line.split(" - ");
    const path = before.split(" ")[4] ?? "";
    const [type, , options = ""] = after.split(" ");
    if (type === "cgroup2") {
      unified ??= path;
    } else if (type === "cgroup") {
      for (const option of options.split(",")) {
        legacy[option.replace(/^name=/, "")] ??= path;
      }
    }
  }
  return { unified, legacy };
}

/**
 * A machine's control groups, one in each hierarchy of the host. No two machines may share one: systemd-nspawn makes the
 * machine's group below its caller's, and two systemds in the same group would kill each other's services. The groups
 * also tell which processes belong to a machine.
 */
export class MachineGroups {
  private readonly hierarchies: Hierarchies;

  constructor(
    private readonly lab: string,
    private readonly id: string,
  ) {
    this.hierarchies = parseHierarchies(readFileSync("/proc/self/mountinfo", "utf8"));
  }

  /** Files to write a process number to, so that the process becomes part of the machine itself. */
  machineProcs(): string[] {
    return this.files("machine");
  }

  /** The same for processes that end with the machine but are no part of it: its keeper, commands run from outside. */
  controlProcs(): string[] {
    return this.files("control");
  }

  /** Makes the groups and sets the limits that the host allows; returns those that could not be set. */
  make(limits: { readonly memoryMiB: number; readonly vcpus: number }): string[] {
    for (const mount of this.mounts()) {
      for (const part of ["machine", "control"]) {
        mkdirSync(join(mount, this.lab, this.id, part), { recursive: true });
      }
    }
    const { unified, legacy } = this.hierarchies;
    const bytes = String(limits.memoryMiB * 1024 * 1024);
    const period = 100_000;
    const quota = limits.vcpus * period;
    const missing: string[] = [];
    const limit = (name: string, files: readonly [string | undefined, string, string][]): void => {
      if (!files.some(([mount, file, value]) => mount !== undefined && this.write(mount, file, value))) {
        missing.push(name);
      }
    };
    this.delegate();
    this.preferMachines();
    limit("memory", [
      [legacy.memory, "memory.limit_in_bytes", bytes],
      [unified, "memory.max", bytes],
    ]);
    limit("cpu", [
      [legacy.cpu, "cpu.cfs_quota_us", String(quota)],
      [unified, "cpu.max", `${quota} ${period}`],
    ]);
    return missing;
  }

  /** Every process of the machine. */
  processes(): number[] {
    const found = new Set<number>();
    for (const mount of this.mounts()) {
      walk(join(mount, this.lab, this.id), (directory) => {
        for (const pid of read(join(directory, "cgroup.procs")).split("\n")) {
          if (pid !== "") {
            found.add(Number(pid));
          }
        }
      });
    }
    return [...found];
  }

  /** Kills all processes of the machine at once, as a power cut does. */
  async kill(): Promise<void> {
    const { unified } = this.hierarchies;
    const gone = await waitUntil(() => {
      if (unified) {
        tryWrite(join(unified, this.lab, this.id, "cgroup.kill"), "1");
      }
      const left = this.processes();
      for (const pid of left) {
        try {
          process.kill(pid, "SIGKILL");
        } catch {
          // It has ended already.
        }
      }
      return left.length === 0;
    }, 15_000);
    if (!gone) {
      throw new Error(`processes ${this.processes().join(", ")} of ${this.lab}-${this.id} cannot be killed`);
    }
  }

  /** Removes the groups, which must be empty of processes. */
  async remove(): Promise<void> {
    for (const mount of this.mounts()) {
      await mustRemoveTree(join(mount, this.lab, this.id));
      try {
        rmdirSync(join(mount, this.lab));
      } catch {
        // Not empty: there are other machines.
      }
    }
  }

  /** Removes the groups of all machines of a lab, which must be empty of processes. */
  static async removeAll(lab: string): Promise<void> {
    for (const mount of new MachineGroups(lab, "0").mounts()) {
      await mustRemoveTree(join(mount, lab));
    }
  }

  /** Ids that have a group in some hierarchy. */
  static ids(lab: string): string[] {
    const groups = new MachineGroups(lab, "0");
    const ids = groups.mounts().flatMap((mount) => subdirectories(join(mount, lab)));
    return [...new Set(ids)].filter((id) => /^\d+$/.test(id));
  }

  /** The hierarchies that can be written to; some hosts have others, read-only. */
  private mounts(): string[] {
    const { unified, legacy } = this.hierarchies;
    const all = [unified, legacy.systemd, legacy.memory, legacy.cpu, legacy.pids, legacy.freezer];
    return [...new Set(all.filter((mount) => mount !== undefined))];
  }

  private files(part: string): string[] {
    return this.mounts().map((mount) => join(mount, this.lab, this.id, part, "cgroup.procs"));
  }

  private write(mount: string, file: string, value: string): boolean {
    return tryWrite(join(mount, this.lab, this.id, file), value);
  }

  /** Sets the weight of all machines of the lab together, against everything else that runs on the host. */
  private preferMachines(): void {
    const { unified, legacy } = this.hierarchies;
    if (legacy.cpu !== undefined) tryWrite(join(legacy.cpu, this.lab, "cpu.shares"), String(MACHINES_WEIGHT * 1024));
    else if (unified !== undefined) tryWrite(join(unified, this.lab, "cpu.weight"), String(MACHINES_WEIGHT * 100));
  }

  /** In the unified hierarchy, controllers have to be enabled in each group from the root down. */
  private delegate(): void {
    const { unified } = this.hierarchies;
    if (unified) {
      for (const group of [unified, join(unified, this.lab)]) {
        for (const controller of ["memory", "cpu", "pids"]) {
          tryWrite(join(group, "cgroup.subtree_control"), `+${controller}`);
        }
      }
    }
  }
}

function subdirectories(directory: string): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
  } catch {
    return [];
  }
}

/** Visits a directory and those below it, children first. */
function walk(directory: string, visit: (directory: string) => void): void {
  for (const name of subdirectories(directory)) {
    walk(join(directory, name), visit);
  }
  visit(directory);
}

/** A group whose last process has just died may still be busy for a moment. */
async function mustRemoveTree(top: string): Promise<void> {
  if (!(await waitUntil(() => removeTree(top), 5000))) {
    throw new Error(`control group ${top} cannot be removed`);
  }
}

function removeTree(top: string): boolean {
  walk(top, (directory) => {
    try {
      rmdirSync(directory);
    } catch {
      // Not empty yet, or not there.
    }
  });
  return !existsSync(top);
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function tryWrite(path: string, value: string): boolean {
  try {
    writeFileSync(path, value);
    return true;
  } catch {
    return false;
  }
}
