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
  /** Where the socket, the log and the records are. */
  readonly stateDir: string;
  /** Every pair of locations, until `setMatrix` is called; see `wanMatrix`. */
  readonly matrix: readonly PairSettings[];
  /**
   * Path of the network namespace in which the operator is.
   * @default - that of this process
   */
  readonly operatorNamespace?: string;
  /**
   * TCP ports on which machines may reach the mirror's address, so that they reach nothing else that listens on this machine.
   * @default [80, 443]
   */
  readonly mirrorPorts?: readonly number[];
  readonly log?: (line: string) => void;
}

const BLACKHOLE = ["blackhole", LAB_NETWORK, "metric", "65000"];

/**
 * The lab's WAN: starts the switch, tells it what is attached where, and tells a new switch the same again. Any number of processes may use
 * the same state directory at once.
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

  /** Makes sure that the switch runs, is of today's sources, and knows all that it should. */
  async start(): Promise<WanHello> {
    return this.locked(() => this.startLocked());
  }

  /** Ends the switch; what was attached is forgotten. */
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
   * Starts the switch again whenever it ends, until the returned function is called. While none runs, the lab's packets are dropped; those
   * that were in flight are lost.
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

  async attach(attachment: Attachment): Promise<void> {
    await this.locked(async () => {
      await this.requestRunning({ op: "attach", ...attachment });
      this.records.update((records) => withAttachment(records, attachment));
    });
  }

  /** From here on nothing reaches this endpoint and nothing it sends is taken; what it sent before still arrives. */
  async detach(id: string): Promise<void> {
    await this.locked(async () => {
      this.records.update((records) => withoutAttachment(records, id));
      await this.connection.request({ op: "detach", id }).catch((error: unknown) => {
        // A switch that does not run has nothing attached.
        if (!isNotRunning(error)) {
          throw error;
        }
      });
    });
  }

  /** Replaces the round-trip times of all pairs; changes made by `link` stay on top of them. */
  async setMatrix(pairs: readonly PairSettings[]): Promise<void> {
    await this.locked(async () => {
      await this.requestRunning({ op: "matrix", pairs });
      this.records.update((records) => ({ ...records, matrix: pairs }));
    });
  }

  /** Changes one pair of locations; what is not given stays as it is. */
  async link(change: PairSettings): Promise<void> {
    await this.locked(async () => {
      await this.requestRunning({ op: "link", ...change });
      this.records.update((records) => withChange(records, change));
    });
  }

  /** Cuts, or restores, everything between one location and all others. */
  async cutOff(location: string, down = true): Promise<void> {
    for (const other of otherLocations(this.records.read(), location)) {
      await this.link({ a: location, b: other, down });
    }
  }

  /** Back to the matrix: one pair, all pairs of one location, or (with nothing given) everything. Isolated machines stay so. */
  async heal(a?: string, b?: string): Promise<void> {
    await this.locked(async () => {
      await this.requestRunning({ op: "heal", a, b });
      this.records.update((records) => withoutChanges(records, a, b));
    });
  }

  /** Makes one machine vanish from the network, or come back: packets to and from it are dropped, and no sender is told. */
  async isolate(id: string, on = true): Promise<void> {
    await this.locked(async () => {
      await this.requestRunning({ op: "isolate", id, on });
      this.records.update((records) => withIsolation(records, id, on));
    });
  }

  async stats(): Promise<WanStats> {
    return (await this.connection.request({ op: "stats" })) as WanStats;
  }

  async list(): Promise<WanList> {
    return (await this.connection.request({ op: "list" })) as WanList;
  }

  async hello(): Promise<WanHello> {
    return (await this.connection.request({ op: "hello" }, 2000)) as WanHello;
  }

  /** Whether a switch of this state directory runs, even one that no longer answers. */
  isRunning(): boolean {
    return this.process.isRunning();
  }

  private log(line: string): void {
    this.options.log?.(`WAN: ${line}`);
  }

  private locked<T>(action: () => Promise<T>): Promise<T> {
    return withLock(`${this.records.path}.lock`, action, { timeoutMs: 60_000 });
  }

  /** Prefix for a command that is to run where the operator is. */
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

  /** Tells the switch everything it should know; what it knows already is not disturbed. */
  private async replay(): Promise<void> {
    const { matrix, changes, attachments } = withKnownChanges(this.records.read());
    await this.connection.request({ op: "matrix", pairs: matrix });
    for (const change of changes) {
      await this.connection.request({ op: "link", ...change });
    }
    // While the device is missing, packets to the lab's network must not leave by this machine's default route.
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
        // Its namespace is gone, for example since this machine was started anew; whoever makes it again attaches it again.
        this.log(`${attachment.id} is no longer attached: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    this.records.update(() => ({ matrix, attachments: attached, changes }));
  }

  /** A request for which the switch is started if it does not run. */
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
