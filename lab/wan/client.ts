import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { attempt, run } from "../tools/command";
import { withLock } from "../tools/file-lock";
import { buildWan } from "./build";
import { socketPath, WanConnection } from "./connection";
import { LAB_NETWORK, operatorAttachment } from "./places";
import { type Attachment, type PairSettings, WanError, type WanHello, type WanList, type WanStats } from "./protocol";
import {
  otherLocations,
  WanRecordFile,
  withAttachment,
  withChange,
  withIsolation,
  withKnownChanges,
  withoutAttachment,
  withoutChanges,
  type RecordedAttachment,
} from "./records";
import { SwitchProcess } from "./switch-process";

export interface WanOptions {
  /** Directory of the socket, the log and the records. */
  readonly stateDir: string;
  /** Every pair of locations, until `setMatrix` is called; see `wanMatrix`. */
  readonly matrix: readonly PairSettings[];
  /**
   * Path of the network namespace in which the operator is.
   * @default - that of this process
   */
  readonly operatorNamespace?: string;
  /**
   * TCP ports that machines may reach at the mirror's address, so that nothing else on this host is open to them.
   * @default [80, 443]
   */
  readonly mirrorPorts?: readonly number[];
  readonly log?: (line: string) => void;
}

const BLACKHOLE = ["blackhole", LAB_NETWORK, "metric", "65000"];

/**
 * Controls the lab's WAN: starts the switch, attaches endpoints and sets links. All of this is recorded, and repeated to
 * a new switch. Any number of processes may use the same state directory at once.
 */
export class WanClient {
  private readonly connection: WanConnection;
  private readonly process: SwitchProcess;
  private readonly records: WanRecordFile;

  constructor(private readonly options: WanOptions) {
    const stateDir = resolve(options.stateDir);
    this.connection = new WanConnection(socketPath(stateDir));
    this.process = new SwitchProcess(stateDir, this.connection.socket, this.inOperatorNamespace());
    this.records = new WanRecordFile(join(stateDir, "wan.json"), options.matrix);
  }

  /** Starts the switch, or replaces one built from other sources, and gives it everything on record. */
  async start(): Promise<WanHello> {
    return this.locked(() => this.startLocked());
  }

  /** Ends the switch and removes the records. */
  async stop(): Promise<void> {
    await this.locked(async () => {
      await this.connection.request({ op: "stop" }, 2000).catch(() => undefined);
      await this.process.end(2000);
      await attempt([...this.inOperatorNamespace(), "ip", "route", "del", ...BLACKHOLE]);
      rmSync(this.records.path, { force: true });
      this.process.forget();
    });
  }

  /**
   * Restarts the switch whenever it ends, until the returned function is called. While none runs, all packets are dropped,
   * as are those that were in flight.
   */
  watch(): () => void {
    const stop = new AbortController();
    const loop = async (): Promise<void> => {
      for (;;) {
        await this.connection.untilGone(stop.signal);
        if (stop.signal.aborted) {
          return;
        }
        try {
          await this.start();
        } catch (error) {
          this.log(`cannot start: ${error instanceof Error ? error.message : String(error)}`);
          await sleep(1000);
        }
      }
    };
    void loop();
    return () => {
      stop.abort();
    };
  }

  /** Attaches an endpoint, replacing one with the same id; does nothing if it is attached already. */
  async attach(attachment: Attachment): Promise<void> {
    await this.locked(async () => {
      await this.requestRunning({ op: "attach", ...attachment });
      this.records.update((records) => withAttachment(records, attachment));
    });
  }

  /** Detaches an endpoint: it neither receives nor sends any more; packets that it has sent before still arrive. */
  async detach(id: string): Promise<void> {
    await this.locked(async () => {
      this.records.update((records) => withoutAttachment(records, id));
      await this.connection.request({ op: "detach", id }).catch((error: unknown) => {
        // Without a switch, nothing is attached.
        if (!isNotRunning(error)) {
          throw error;
        }
      });
    });
  }

  /** Replaces the settings of all pairs of locations; changes made by `link` stay on top of them. */
  async setMatrix(pairs: readonly PairSettings[]): Promise<void> {
    await this.locked(async () => {
      await this.requestRunning({ op: "matrix", pairs });
      this.records.update((records) => ({ ...records, matrix: pairs }));
    });
  }

  /** Changes one pair of locations; settings that are not given stay. */
  async link(change: PairSettings): Promise<void> {
    await this.locked(async () => {
      await this.requestRunning({ op: "link", ...change });
      this.records.update((records) => withChange(records, change));
    });
  }

  /** Cuts, or restores, the links between one location and all others. */
  async cutOff(location: string, down = true): Promise<void> {
    for (const other of otherLocations(this.records.read(), location)) {
      await this.link({ a: location, b: other, down });
    }
  }

  /**
   * Takes back changes made by `link`: of one pair, of all pairs of one location or, without arguments, all. Isolated
   * machines stay isolated.
   */
  async heal(a?: string, b?: string): Promise<void> {
    await this.locked(async () => {
      await this.requestRunning({ op: "heal", a, b });
      this.records.update((records) => withoutChanges(records, a, b));
    });
  }

  /** Isolates a machine, or ends that: packets to and from it are dropped without an error to the sender. */
  async isolate(id: string, on = true): Promise<void> {
    await this.locked(async () => {
      await this.requestRunning({ op: "isolate", id, on });
      this.records.update((records) => withIsolation(records, id, on));
    });
  }

  /** The switch's counters; some count since the last call. */
  async stats(): Promise<WanStats> {
    return (await this.connection.request({ op: "stats" })) as WanStats;
  }

  async list(): Promise<WanList> {
    return (await this.connection.request({ op: "list" })) as WanList;
  }

  async hello(): Promise<WanHello> {
    return (await this.connection.request({ op: "hello" }, 2000)) as WanHello;
  }

  /** Whether a switch of this state directory runs, even if it does not answer. */
  isRunning(): boolean {
    return this.process.isRunning();
  }

  private log(line: string): void {
    this.options.log?.(`WAN: ${line}`);
  }

  private locked<T>(action: () => Promise<T>): Promise<T> {
    return withLock(`${this.records.path}.lock`, action, { timeoutMs: 60_000 });
  }

  /** Prefix for a command, to run it in the operator's network namespace. */
  private inOperatorNamespace(): string[] {
    const { operatorNamespace } = this.options;
    return operatorNamespace ? ["nsenter", `--net=${operatorNamespace}`] : [];
  }

  private async startLocked(): Promise<WanHello> {
    const binary = await buildWan((line) => {
      this.log(line);
    });
    const running = await this.hello().catch(() => undefined);
    if (running?.build === binary.build) {
      await this.replay();
      return running;
    }
    if (this.process.isRunning()) {
      this.log(running ? "replacing a switch of another version" : "replacing a switch that does not answer");
      await this.process.end();
    }
    await this.process.start(binary, () =>
      this.hello().then(
        () => true,
        () => false,
      ),
    );
    await this.replay();
    return this.hello();
  }

  /** Gives the switch everything on record; what it has already is not disturbed. */
  private async replay(): Promise<void> {
    const { matrix, changes, attachments } = withKnownChanges(this.records.read());
    await this.connection.request({ op: "matrix", pairs: matrix });
    for (const change of changes) {
      await this.connection.request({ op: "link", ...change });
    }
    // Without the device, packets to the lab's network would leave by this host's default route.
    await run([...this.inOperatorNamespace(), "ip", "route", "replace", ...BLACKHOLE]);
    const operator = operatorAttachment(this.options.mirrorPorts ?? [80, 443]);
    await this.connection.request({ op: "attach", ...operator });
    const attached: Record<string, RecordedAttachment> = { [operator.id]: operator };
    for (const attachment of Object.values(attachments)) {
      if (attachment.id === operator.id) {
        continue;
      }
      try {
        await this.connection.request({ op: "attach", ...attachment });
        if (attachment.isolated) {
          await this.connection.request({ op: "isolate", id: attachment.id, on: true });
        }
        attached[attachment.id] = attachment;
      } catch (error) {
        // Its namespace is gone, for example by a reboot of this host; whoever makes a new one attaches it again.
        this.log(`${attachment.id} is no longer attached: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    this.records.update(() => ({ matrix, attachments: attached, changes }));
  }

  /** Sends a request, starting the switch if it does not run. */
  private async requestRunning(request: object): Promise<unknown> {
    try {
      return await this.connection.request(request);
    } catch (error) {
      if (!isNotRunning(error)) {
        throw error;
      }
    }
    await this.startLocked();
    return this.connection.request(request);
  }
}

function isNotRunning(error: unknown): boolean {
  return error instanceof WanError && error.code === "not-running";
}
