import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, mkdirSync, openSync, rmSync } from "node:fs";
import { createConnection } from "node:net";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { attempt, run } from "../tools/command";
import { buildWan, type WanBinary } from "./build";
import { MIRROR, OPERATOR } from "./defaults";
import { readJson, withLock, writeAtomically } from "../tools/files";
import { isAlive, processesWith, recordOf, signal, waitUntil, type ProcessRecord } from "../tools/process-record";

/** What can be said about the way between two locations. */
export interface LinkSettings {
  /** Round-trip time; each direction takes half. */
  readonly rttMs?: number;
  /**
   * Mean of what is added to the round trip, half of it in each direction. Each direction draws its extra delay from an exponential
   * distribution (cut off at eight times its mean) and keeps it for a spell of twice its mean, as a queue on the path that fills and
   * drains; packets between the same two addresses never overtake each other.
   */
  readonly jitterMs?: number;
  /** Per cent of the packets that are lost, independently of each other, in each direction. */
  readonly loss?: number;
  /** Megabits per second in each direction; 0 or absent means no limit. */
  readonly mbps?: number;
  /** Nothing passes. */
  readonly down?: boolean;
}

export interface PairSettings extends LinkSettings {
  readonly a: string;
  readonly b: string;
}

export interface WanAddress {
  readonly ip: string;
  /** @default - the endpoint's */
  readonly location?: string;
  /** Prefix length of the private network it is in; absent or 0 means public. A private network is reachable only from within. */
  readonly privatePrefix?: number;
  /** The only ports on which TCP connections may be opened towards it; absent means all. */
  readonly tcpPorts?: readonly number[];
}

export interface Attachment {
  readonly id: string;
  /** Path of the network namespace that gets the device; absent means the switch's own. */
  readonly netns?: string;
  readonly device: string;
  readonly location: string;
  readonly addresses: readonly WanAddress[];
  /** CIDRs to route into the device. */
  readonly routes?: readonly string[];
  /** Addresses with prefix lengths to put on the device itself. */
  readonly assigned?: readonly string[];
}

export interface WanHello {
  readonly pid: number;
  readonly build: string;
  /** How it is scheduled: "rr" (real time), "nice" (higher priority) or "none" (as anything else). */
  readonly scheduler: "rr" | "nice" | "none";
  /** What is taken off each delay at the moment, for what the switch and the kernel add themselves. */
  readonly biasNs: number;
}

export interface WanEndpointStats {
  readonly id: string;
  readonly location: string;
  readonly device: string;
  readonly netns: string;
  readonly addresses: readonly string[];
  readonly isolated: boolean;
  /** Its device was removed by somebody else. */
  readonly lost: boolean;
  readonly in: number;
  readonly inBytes: number;
  readonly out: number;
  readonly outBytes: number;
  /** Packets that were not taken from, or not handed to, this endpoint. */
  readonly dropped: {
    readonly foreignSource: number;
    readonly unknownAddress: number;
    readonly privateNetwork: number;
    readonly refusedPort: number;
    readonly isolated: number;
    readonly writeError: number;
    readonly other: number;
  };
}

export interface WanLinkStats {
  readonly from: string;
  readonly to: string;
  readonly packets: number;
  readonly bytes: number;
  readonly lost: number;
  readonly cut: number;
  readonly overflow: number;
}

export interface WanStats {
  readonly packetsIn: number;
  readonly packetsOut: number;
  readonly dropped: number;
  readonly inFlight: number;
  /** The most packets in flight at once, since the last call. */
  readonly peakInFlight: number;
  /** Delivered per second, since the last call. */
  readonly packetsPerSecond: number;
  /**
   * How many milliseconds after its time the latest packet was delivered, since the last call. A machine with too much to do makes its own
   * delays; what is measured in the lab is as good as this number is small.
   */
  readonly worstLateMs: number;
  readonly endpoints: readonly WanEndpointStats[];
  readonly links: readonly WanLinkStats[];
}

export interface WanList {
  readonly endpoints: readonly Attachment[];
  readonly isolated: readonly string[];
  readonly lost: readonly string[];
  /** Every pair as it is now; `changed` says that it differs from the matrix. */
  readonly pairs: readonly (PairSettings & { readonly changed: boolean })[];
}

/** The switch, or what should be the switch, said no. */
export class WanError extends Error {
  constructor(
    /** "not-running", "timeout", "bad-request", "bad-value", "unknown-location", "not-attached", "address-taken", "device-taken", "no-namespace" or "system". */
    readonly code: string,
    message: string,
  ) {
    super(`WAN: ${message}`);
    this.name = "WanError";
  }
}

export interface WanOptions {
  /** Where the socket, the log and the records are. */
  readonly stateDir: string;
  /** Every pair of locations at first, until `setMatrix` says otherwise; see `wanMatrix`. */
  readonly matrix: readonly PairSettings[];
  /**
   * Path of the network namespace in which the operator is.
   * @default - that of this process
   */
  readonly operatorNamespace?: string;
  /** @default "etcdlab0" */
  readonly operatorDevice?: string;
  /**
   * TCP ports on which machines may reach the mirror's address. What else listens on this machine is none of their business.
   * @default [80, 443]
   */
  readonly mirrorPorts?: readonly number[];
  readonly log?: (line: string) => void;
}

/** All of the lab's addresses: a network set aside for measuring networks (RFC 2544), used nowhere else. */
export const LAB_NETWORK = "198.18.0.0/15";
export const OPERATOR_ADDRESS = "198.18.0.1";
export const MIRROR_ADDRESS = "198.18.0.2";

/** What should be: kept on disk, so that a new switch, or a new control process, can be told. */
interface WanRecords {
  readonly matrix: readonly PairSettings[];
  readonly attachments: Readonly<Record<string, Attachment & { readonly isolated?: boolean }>>;
  readonly changes: readonly PairSettings[];
}

const REQUEST_TIMEOUT_MS = 10_000;

/**
 * The lab's WAN: starts the switch, tells it what is attached where, and tells a new one the same again. Any number of processes may use
 * the same state directory at once.
 */
export class WanClient {
  private readonly socket: string;
  private readonly recordsFile: string;
  private readonly processFile: string;
  private readonly lockFile: string;

  constructor(private readonly options: WanOptions) {
    const stateDir = resolve(options.stateDir);
    this.socket = socketPath(stateDir);
    this.recordsFile = join(stateDir, "wan.json");
    this.processFile = join(stateDir, "wan-process.json");
    this.lockFile = join(stateDir, "wan.json.lock");
  }

  /** Makes sure that the switch runs, is the right one, and knows all that it should. */
  async start(): Promise<WanHello> {
    return this.locked(() => this.startLocked());
  }

  /** Ends the switch; what was attached is forgotten. */
  async stop(): Promise<void> {
    await this.locked(async () => {
      await this.request({ op: "stop" }, 2000).catch(() => undefined);
      await waitUntil(() => this.switches().length === 0, 2000);
      await this.killSwitches();
      await attempt(this.inOperatorNamespace(["ip", "route", "del", ...BLACKHOLE]));
      for (const file of [this.recordsFile, this.processFile, this.socket, `${this.socket}.lock`]) {
        rmSync(file, { force: true });
      }
    });
  }

  /**
   * Keeps an eye on the switch and starts it again should it end; returns how to stop watching. While it is down the lab's
   * packets are dropped, and everything in flight is lost.
   */
  watch(): () => void {
    const stop = new AbortController();
    const loop = async (): Promise<void> => {
      for (;;) {
        await this.untilGone(stop.signal);
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
      const records = this.records();
      this.write({ ...records, attachments: { ...records.attachments, [attachment.id]: attachment } });
    });
  }

  /** From here on nothing reaches this endpoint and nothing it sends is taken; what it sent before still arrives. */
  async detach(id: string): Promise<void> {
    await this.locked(async () => {
      const records = this.records();
      this.write({
        ...records,
        attachments: Object.fromEntries(Object.entries(records.attachments).filter(([key]) => key !== id)),
      });
      await this.request({ op: "detach", id }).catch((error: unknown) => {
        // A switch that does not run has nothing attached.
        if (!(error instanceof WanError && error.code === "not-running")) {
          throw error;
        }
      });
    });
  }

  /** Replaces the round-trip times of all pairs; changes made by `link` stay on top of it. */
  async setMatrix(pairs: readonly PairSettings[]): Promise<void> {
    await this.locked(async () => {
      await this.requestRunning({ op: "matrix", pairs });
      this.write({ ...this.records(), matrix: pairs });
    });
  }

  /** Changes one pair of locations; what is not given stays as it is. */
  async link(change: PairSettings): Promise<void> {
    await this.locked(async () => {
      await this.requestRunning({ op: "link", ...change });
      const records = this.records();
      const old = records.changes.find((other) => samePair(other, change));
      this.write({
        ...records,
        changes: [...records.changes.filter((other) => !samePair(other, change)), { ...old, ...change }],
      });
    });
  }

  /** Cuts, or restores, everything between one location and all others. */
  async cutOff(location: string, down = true): Promise<void> {
    const others = new Set(this.records().matrix.flatMap((pair) => [pair.a, pair.b]));
    others.delete(location);
    for (const other of others) {
      await this.link({ a: location, b: other, down });
    }
  }

  /** Back to the matrix: one pair, all pairs of one location, or (with nothing given) everything. Isolated machines stay so. */
  async heal(a?: string, b?: string): Promise<void> {
    await this.locked(async () => {
      await this.requestRunning({ op: "heal", a, b });
      const records = this.records();
      const healed = (change: PairSettings): boolean =>
        (a === undefined || change.a === a || change.b === a) &&
        (b === undefined || (a !== undefined && samePair(change, { a, b })));
      this.write({ ...records, changes: records.changes.filter((change) => !healed(change)) });
    });
  }

  /** Makes one machine vanish from the network, or come back: packets to and from it are dropped, nobody is told. */
  async isolate(id: string, on = true): Promise<void> {
    await this.locked(async () => {
      await this.requestRunning({ op: "isolate", id, on });
      const records = this.records();
      const attachment = { ...records.attachments[id], isolated: on };
      this.write({ ...records, attachments: { ...records.attachments, [id]: attachment } });
    });
  }

  async stats(): Promise<WanStats> {
    return (await this.request({ op: "stats" })) as WanStats;
  }

  async list(): Promise<WanList> {
    return (await this.request({ op: "list" })) as WanList;
  }

  /** Whether a switch of this state directory runs, even one that no longer answers. */
  isRunning(): boolean {
    return this.switches().length > 0;
  }

  async hello(): Promise<WanHello> {
    return (await this.request({ op: "hello" }, 2000)) as WanHello;
  }

  /** Prefix for a command that is to run where the operator is. */
  inOperatorNamespace(argv: readonly string[]): string[] {
    const { operatorNamespace } = this.options;
    return operatorNamespace ? ["nsenter", `--net=${operatorNamespace}`, ...argv] : [...argv];
  }

  private log(line: string): void {
    this.options.log?.(`WAN: ${line}`);
  }

  private locked<T>(action: () => Promise<T>): Promise<T> {
    return withLock(this.lockFile, action, 60_000);
  }

  private records(): WanRecords {
    const stored = readJson(this.recordsFile) as WanRecords | undefined;
    return stored ?? { matrix: this.options.matrix, attachments: {}, changes: [] };
  }

  private write(records: WanRecords): void {
    writeAtomically(this.recordsFile, JSON.stringify(records, undefined, 1));
  }

  /**
   * Every switch of this state directory: the one on record, and any that lost its record or its socket, for example because somebody removed the
   * directory under it. It would still hold the devices.
   */
  private switches(): ProcessRecord[] {
    const recorded = readJson(this.processFile) as ProcessRecord | undefined;
    const found = processesWith((argv) => argv[1] === "-socket" && argv[2] === this.socket);
    return [...(isAlive(recorded) ? [recorded] : []), ...found];
  }

  private async killSwitches(): Promise<void> {
    for (const process of this.switches()) {
      signal(process, "SIGKILL");
    }
    if (!(await waitUntil(() => this.switches().length === 0, 5000))) {
      throw new WanError("system", "the switch cannot be killed");
    }
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
    if (this.switches().length > 0) {
      this.log(running ? "replacing a switch of another version" : "replacing a switch that does not answer");
      await this.killSwitches();
    }
    await this.spawn(binary);
    await this.replay();
    return this.hello();
  }

  private async spawn({ path, build }: WanBinary): Promise<void> {
    mkdirSync(this.options.stateDir, { recursive: true });
    const log = openSync(join(this.options.stateDir, "wan.log"), "a");
    try {
      const [command = "", ...args] = this.inOperatorNamespace([path, "-socket", this.socket, "-build", build]);
      const child = spawn(command, args, { detached: true, stdio: ["ignore", log, log] });
      let failure: string | undefined;
      child.once("error", (error) => (failure = error.message));
      child.once("exit", (code, name) => (failure = `it ended at once (${code ?? name ?? "unknown"})`));
      child.unref();
      if (child.pid !== undefined) {
        const record = recordOf(child.pid);
        if (record) {
          writeAtomically(this.processFile, JSON.stringify(record));
        }
      }
      const answers = (): Promise<boolean> =>
        this.hello().then(
          () => true,
          () => false,
        );
      const up = await waitUntil(async () => failure !== undefined || (await answers()), 10_000, 5);
      if (!up || failure !== undefined) {
        throw new WanError(
          "not-running",
          `${path} did not start: ${failure ?? "no answer within 10 s"}; see ${this.options.stateDir}/wan.log`,
        );
      }
    } finally {
      closeSync(log);
    }
  }

  /** Tells the switch everything it should know; what it knows already is not disturbed. */
  private async replay(): Promise<void> {
    const records = this.records();
    const { matrix } = records;
    await this.request({ op: "matrix", pairs: matrix });
    const known = new Set(matrix.flatMap((pair) => [pair.a, pair.b]));
    const changes = records.changes.filter((change) => known.has(change.a) && known.has(change.b));
    for (const change of changes) {
      await this.request({ op: "link", ...change });
    }
    // Without the device the lab's network must lead nowhere, rather than out through this machine's default route.
    await run(this.inOperatorNamespace(["ip", "route", "replace", ...BLACKHOLE]));
    const operator = this.operator();
    await this.request({ op: "attach", ...operator });
    const attachments: Record<string, Attachment> = { [operator.id]: operator };
    for (const attachment of Object.values(records.attachments)) {
      if (attachment.id === operator.id) {
        continue;
      }
      try {
        await this.request({ op: "attach", ...attachment });
        if (attachment.isolated) {
          await this.request({ op: "isolate", id: attachment.id, on: true });
        }
        attachments[attachment.id] = attachment;
      } catch (error) {
        // Its namespace went away without us, for example with a restart of this machine; whoever makes it again attaches it again.
        this.log(`${attachment.id} is no longer attached: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    this.write({ matrix, attachments, changes });
  }

  private operator(): Attachment {
    return {
      id: OPERATOR,
      device: this.options.operatorDevice ?? "etcdlab0",
      location: OPERATOR,
      addresses: [
        // Nothing in the lab has any business opening connections to the one who runs it.
        { ip: OPERATOR_ADDRESS, tcpPorts: [] },
        { ip: MIRROR_ADDRESS, location: MIRROR, tcpPorts: this.options.mirrorPorts ?? [80, 443] },
      ],
      assigned: [`${OPERATOR_ADDRESS}/15`, `${MIRROR_ADDRESS}/32`],
    };
  }

  /** A request that starts the switch first should it not run. */
  private async requestRunning(request: object): Promise<unknown> {
    try {
      return await this.request(request);
    } catch (error) {
      if (!(error instanceof WanError && error.code === "not-running")) {
        throw error;
      }
    }
    await this.startLocked();
    return this.request(request);
  }

  private request(request: object, timeoutMs = REQUEST_TIMEOUT_MS): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const connection = createConnection(this.socket);
      let received = "";
      connection.setEncoding("utf8");
      connection.setTimeout(timeoutMs, () => {
        connection.destroy();
        reject(new WanError("timeout", `no answer within ${timeoutMs / 1000} s`));
      });
      connection.on("connect", () => connection.write(`${JSON.stringify(request)}\n`));
      connection.on("data", (chunk: string) => {
        received += chunk;
        const end = received.indexOf("\n");
        if (end < 0) {
          return;
        }
        connection.destroy();
        const answer = JSON.parse(received.slice(0, end)) as {
          ok: boolean;
          code?: string;
          error?: string;
          result?: unknown;
        };
        if (answer.ok) {
          resolve(answer.result);
        } else {
          reject(new WanError(answer.code ?? "system", answer.error ?? "no reason given"));
        }
      });
      connection.on("error", (error) => {
        reject(new WanError("not-running", `no switch answers on ${this.socket}: ${error.message}`));
      });
      connection.on("close", () => {
        reject(new WanError("not-running", "the switch ended while it was asked"));
      });
    });
  }

  /** Resolves when the connection to the switch breaks, or when nobody cares any more. */
  private async untilGone(stop: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const connection = createConnection({ path: this.socket, signal: stop });
      connection.unref();
      connection.on("error", () => undefined);
      connection.on("close", () => {
        resolve();
      });
      connection.resume();
    });
  }
}

/** The kernel takes 107 bytes for the path of a socket; a checkout may lie deeper than that. */
function socketPath(stateDir: string): string {
  const path = join(stateDir, "wan.sock");
  const short = `/run/etcdlab-wan-${createHash("sha256").update(stateDir).digest("hex").slice(0, 12)}.sock`;
  return Buffer.byteLength(path) <= 100 ? path : short;
}

const BLACKHOLE = ["blackhole", LAB_NETWORK, "metric", "65000"];

function samePair(
  one: { readonly a: string; readonly b: string },
  other: { readonly a: string; readonly b: string },
): boolean {
  return (one.a === other.a && one.b === other.b) || (one.a === other.b && one.b === other.a);
}
