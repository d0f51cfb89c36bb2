import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import type { CommandResult } from "../tools/command";
import type { WanClient } from "../wan/client";
import { withLock } from "../tools/file-lock";
import { readJson, writeAtomically } from "../tools/files";
import { isAlive, recordOf, signal, type ProcessRecord } from "../tools/process-record";
import {
  execInContainer,
  findKeepers,
  initOf,
  pressPowerButton,
  removeNspawnLeftovers,
  startContainer,
  waitForInit,
  type ExecOptions,
} from "./container";
import { MachineGroups } from "./control-groups";
import { Disk, unmountAll } from "./disk";
import { isOfCloud, startMetadataService } from "./metadata-service";
import type { MachineDriver, MachineSpec, MachineState, ResolvedFirewall } from "./machine-driver";
import {
  applyFirewall,
  attachmentOf,
  machineNames,
  makeNetwork,
  namespacesOf,
  networkExists,
  removeNamespace,
  removeNetwork,
  silence,
  type MachineNames,
} from "./network";

export interface NspawnMachineDriverOptions {
  /** Directory of disks, records and logs, on a file system that overlayfs can write to. */
  readonly stateDir: string;
  /** Returns the directory of a slug's base image, building it if needed. It is only read. */
  readonly imageFor: (slug: string) => Promise<string>;
  readonly wan: WanClient;
  readonly log?: (line: string) => void;
  /**
   * Prefix of the names of all namespaces and mounts; must differ between labs in the same namespaces.
   * @default "lab"
   */
  readonly prefix?: string;
  /**
   * The control group of all machines. Control groups are not namespaced: it must differ between labs on one host.
   * @default - the prefix
   */
  readonly group?: string;
}

/** An operation on a machine failed. */
export class MachineError extends Error {
  constructor(
    /** "no-such-machine", "not-running", "other-machine" or "did-not-boot". */
    readonly code: string,
    readonly machine: number,
    message: string,
  ) {
    super(`machine ${machine}: ${message}`);
    this.name = "MachineError";
  }
}

/** The machines that `reconcile` found, by id. */
export interface ReconcileReport {
  readonly running: readonly number[];
  readonly stopped: readonly number[];
  /** Machines made or destroyed only in part, and remains without a record; they are removed now. */
  readonly removed: readonly number[];
}

/** A machine's record, on disk before anything of the machine is made and until everything is removed. */
interface MachineRecord {
  readonly spec: MachineSpec;
  readonly phase: "creating" | "made" | "destroying";
  readonly image?: string;
  readonly keeper?: ProcessRecord;
  readonly firewall?: ResolvedFirewall;
}

const SHUTDOWN_TIMEOUT_MS = 60_000;
/** Longer than the first `create` takes, which builds the image. */
const LOCK_TIMEOUT_MS = 15 * 60_000;

/** Makes machines as systemd-nspawn containers with Debian and systemd, on the lab's WAN. */
export class NspawnMachineDriver implements MachineDriver {
  private readonly prefix: string;
  private readonly group: string;
  private readonly machines: string;
  private readonly logs: string;
  private readonly locks: string;

  constructor(private readonly options: NspawnMachineDriverOptions) {
    this.prefix = options.prefix ?? "lab";
    this.group = options.group ?? this.prefix;
    mkdirSync(options.stateDir, { recursive: true, mode: 0o700 });
    const stateDir = realpathSync(options.stateDir);
    this.machines = join(stateDir, "machines");
    this.logs = join(stateDir, "logs");
    this.locks = join(stateDir, "locks");
    mkdirSync(this.machines, { recursive: true, mode: 0o700 });
  }

  async create(spec: MachineSpec): Promise<void> {
    await this.locked(spec.id, async () => {
      const old = this.record(spec.id);
      if (old && old.phase !== "destroying" && JSON.stringify(old.spec) !== JSON.stringify(spec)) {
        throw new MachineError("other-machine", spec.id, "there is one of this id already, with another specification");
      }
      if (old?.phase === "made") {
        if (!isAlive(old.keeper)) {
          await this.boot(old);
        }
        return;
      }
      await this.removeEverything(spec.id);
      const record: MachineRecord = { spec, phase: "creating", firewall: old?.firewall };
      this.write(record);
      const image = await this.options.imageFor(spec.image);
      const disk = this.disk(spec.id);
      await disk.mount(image);
      await disk.seed(spec);
      await this.boot({ ...record, image, phase: "made" });
    });
  }

  async powerOn(id: number): Promise<void> {
    await this.locked(id, async () => {
      const record = this.existing(id);
      if (!isAlive(record.keeper)) {
        await this.boot(record);
      }
    });
  }

  async powerOff(id: number): Promise<void> {
    await this.locked(id, () => this.pullThePlug(this.existing(id)));
  }

  async shutdown(id: number): Promise<void> {
    await this.locked(id, async () => {
      const record = this.existing(id);
      if (isAlive(record.keeper) && !(await pressPowerButton(record.keeper, SHUTDOWN_TIMEOUT_MS))) {
        this.log(id, `did not shut down within ${SHUTDOWN_TIMEOUT_MS / 1000} s; powering off`);
      }
      await this.pullThePlug(record);
    });
  }

  async destroy(id: number): Promise<void> {
    await this.locked(id, async () => {
      const record = this.record(id);
      if (record) {
        // From here on, `reconcile` completes the destruction after a crash.
        this.write({ ...record, phase: "destroying" });
      }
      await this.removeEverything(id);
    });
  }

  state(id: number): Promise<MachineState> {
    const record = this.record(id);
    if (record?.phase !== "made") {
      return Promise.resolve("absent");
    }
    return Promise.resolve(isAlive(record.keeper) ? "running" : "stopped");
  }

  async setFirewall(id: number, firewall: ResolvedFirewall | undefined): Promise<void> {
    await this.locked(id, async () => {
      const record = this.existing(id);
      const names = this.names(id);
      if (networkExists(names)) {
        await applyFirewall(names, firewall);
      }
      this.write({ ...record, firewall });
    });
  }

  /** Runs a command as root in a running machine. */
  async exec(id: number, argv: readonly string[], options: ExecOptions = {}): Promise<CommandResult> {
    const init = initOf(this.existing(id).keeper);
    if (!init) {
      throw new MachineError("not-running", id, "is not running");
    }
    return execInContainer(init, this.groups(id), argv, options);
  }

  /** The file with what the machine printed on its console. */
  consoleLog(id: number): string {
    return join(this.logs, `machine-${id}.log`);
  }

  /** The public halves of the SSH host keys that are on a machine's disk, on or off: type and key, in order of type. */
  hostKeys(id: number): readonly string[] {
    return this.disk(id).hostKeys();
  }

  /** All machines on record. */
  list(): MachineSpec[] {
    return this.recordedIds()
      .map((id) => this.record(id)?.spec)
      .filter((spec) => spec !== undefined);
  }

  /** Brings machines in line with their records; to be called when the lab comes up, in case it has crashed. */
  async reconcile(): Promise<ReconcileReport> {
    const running: number[] = [];
    const stopped: number[] = [];
    const removed: number[] = [];
    for (const id of new Set([...this.recordedIds(), ...this.seenIds()])) {
      await this.locked(id, async () => {
        const record = this.record(id);
        if (record?.phase !== "made") {
          this.log(
            id,
            record ? `removing what was left of ${record.phase} it` : "removing remains of a machine nobody knows",
          );
          await this.removeEverything(id);
          removed.push(id);
        } else if (initOf(record.keeper) && networkExists(this.names(id))) {
          await this.options.wan.attach(attachmentOf(record.spec, this.names(id)));
          running.push(id);
        } else {
          await this.pullThePlug(record);
          stopped.push(id);
        }
      });
    }
    return { running, stopped, removed };
  }

  /** Destroys all machines, also those without a record. */
  async destroyAll(): Promise<void> {
    const ids = new Set([...this.recordedIds(), ...this.seenIds()]);
    const results = await Promise.allSettled([...ids].map((id) => this.destroy(id)));
    await unmountAll(this.prefix, new Set());
    for (const name of namespacesOf(this.prefix)) {
      await removeNamespace(name);
    }
    const failed = results.find((result) => result.status === "rejected");
    if (failed) {
      throw failed.reason;
    }
  }

  /** Makes the network anew and starts init: nothing of an earlier boot, such as tracked connections, may be left. */
  private async boot(record: MachineRecord): Promise<void> {
    const { spec, image } = record;
    const names = this.names(spec.id);
    if (image === undefined || !existsSync(image)) {
      throw new MachineError(
        "did-not-boot",
        spec.id,
        `its image ${image ?? ""} is gone; destroy it and create it again`,
      );
    }
    await this.halt(spec.id);
    try {
      const groups = this.groups(spec.id);
      const unlimited = groups.make(spec);
      if (unlimited.length > 0) {
        this.log(spec.id, `this host does not let us limit its ${unlimited.join(" and ")}`);
      }
      const disk = this.disk(spec.id);
      await disk.mount(image);
      await makeNetwork(spec, names, record.firewall);
      await this.options.wan.attach(attachmentOf(spec, names));
      if (isOfCloud(spec)) {
        startMetadataService(spec, join(this.machines, String(spec.id), "metadata"), names, groups);
      }
      const keeper = startContainer(spec, disk.root, names, groups, this.consoleLog(spec.id));
      this.write({ ...record, keeper });
      if (!(await waitForInit(keeper))) {
        const file = this.consoleLog(spec.id);
        throw new MachineError("did-not-boot", spec.id, `its init did not start: ${lastLine(file)}; see ${file}`);
      }
    } catch (error) {
      await this.halt(spec.id);
      throw error;
    }
  }

  private async pullThePlug(record: MachineRecord): Promise<void> {
    await this.halt(record.spec.id);
    this.write({ ...record, keeper: undefined });
  }

  /** Detaches the network first: as in a power cut, connections must not be closed when the processes end. */
  private async halt(id: number): Promise<void> {
    try {
      await this.options.wan.detach(String(id));
    } catch (error) {
      // A switch that fails must not prevent the stop: the machine's edge can be taken down without it.
      this.log(id, `cannot detach: ${error instanceof Error ? error.message : String(error)}`);
      await silence(this.names(id));
    }
    for (const keeper of findKeepers(this.prefix)) {
      if (keeper.id === id) {
        signal(recordOf(keeper.pid), "SIGKILL");
      }
    }
    const groups = this.groups(id);
    await groups.kill();
    await groups.remove();
    await removeNetwork(this.names(id));
    removeNspawnLeftovers(this.names(id).machine);
    this.disk(id).removeNspawnLock();
  }

  private async removeEverything(id: number): Promise<void> {
    await this.halt(id);
    await this.disk(id).remove();
  }

  /** Ids of machines that have a namespace, control group or process, on record or not. */
  private seenIds(): number[] {
    const names = namespacesOf(this.prefix).map((name) => Number(name.slice(name.lastIndexOf("-") + 1)));
    const groups = MachineGroups.ids(this.group).map(Number);
    return [...names, ...groups, ...findKeepers(this.prefix).map((keeper) => keeper.id)];
  }

  private recordedIds(): number[] {
    return readdirSync(this.machines)
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  }

  private record(id: number): MachineRecord | undefined {
    return readJson(this.recordFile(id)) as MachineRecord | undefined;
  }

  private existing(id: number): MachineRecord {
    const record = this.record(id);
    if (record?.phase !== "made") {
      throw new MachineError("no-such-machine", id, "there is none of this id");
    }
    return record;
  }

  private write(record: MachineRecord): void {
    writeAtomically(this.recordFile(record.spec.id), JSON.stringify(record, undefined, 1));
  }

  private recordFile(id: number): string {
    return join(this.machines, String(id), "machine.json");
  }

  private names(id: number): MachineNames {
    return machineNames(this.prefix, id);
  }

  private groups(id: number): MachineGroups {
    return new MachineGroups(this.group, String(id));
  }

  private disk(id: number): Disk {
    return new Disk(join(this.machines, String(id)), this.names(id).machine);
  }

  private locked<T>(id: number, action: () => Promise<T>): Promise<T> {
    return withLock(join(this.locks, String(id)), action, { timeoutMs: LOCK_TIMEOUT_MS });
  }

  private log(id: number, line: string): void {
    this.options.log?.(`machine ${id}: ${line}`);
  }
}

/** The last line of a machine's console log, in which systemd-nspawn's errors are too. */
function lastLine(file: string): string {
  const lines = existsSync(file) ? readFileSync(file, "utf8").trimEnd().split("\n") : [];
  return lines.at(-1)?.trim() ?? "no message";
}
