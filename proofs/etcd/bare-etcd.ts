import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { endChild, hasEnded, waitUntil } from "terraform-lab";

/** Something that programs can be started on. */
export interface ProcessHost {
  /** Starts a program; what it writes to its standard output and error is appended to the file `stderr`. */
  spawn(argv: readonly string[], files: { readonly stderr: string }, env?: NodeJS.ProcessEnv): ChildProcess;
}

/** How an etcd is started, and how to tell that it has. */
export interface BareEtcdProps {
  /** The program's path. */
  readonly program: string;
  /**
   * Settings, by the names of etcd's flags without their dashes.
   * @default - none
   */
  readonly flags?: Readonly<Record<string, string>>;
  /**
   * Variables on top of this process's own, ETCD_* among them.
   * @default - none
   */
  readonly environment?: NodeJS.ProcessEnv;
  /** File that its log is appended to. */
  readonly log: string;
  /** Whether it answers; asked again until it does. */
  readonly answers: () => Promise<boolean>;
  /**
   * What it runs on.
   * @default - this machine
   */
  readonly host?: ProcessHost;
}

/** What a member is called, and where it listens: others find it there, too. */
export interface MemberPlace {
  readonly name: string;
  readonly dataDirectory: string;
  readonly clientUrl: string;
  readonly peerUrl: string;
}

const LOG_LINES = 20;
const ASK_EVERY_MS = 100;
/** etcd answers within 5 s and two election timeouts, be it that it has no leader; one that is stopped never does. */
const ANSWER_MS = 10_000;

/** A process of etcd without a machine or a unit around it. */
export class BareEtcd {
  /** Starts one; it need not answer yet. */
  public static start(props: BareEtcdProps): BareEtcd {
    const flags = Object.entries(props.flags ?? {}).map(([flag, value]) => `--${flag}=${value}`);
    const child = (props.host ?? THIS_MACHINE).spawn(
      [props.program, ...flags],
      { stderr: props.log },
      props.environment,
    );
    return new BareEtcd(props, child);
  }

  private constructor(
    private readonly props: BareEtcdProps,
    private readonly child: ChildProcess,
  ) {
    // One that could not be started has no process id, which `untilAnswers` tells.
    child.once("error", () => undefined);
  }

  /**
   * Waits until it answers.
   *
   * @throws Error with the end of its log if it does not in time, or has ended
   */
  public async untilAnswers(timeoutMs = 30_000): Promise<void> {
    const settled = async (): Promise<boolean> => this.ended || (await this.props.answers());
    if ((await waitUntil(settled, timeoutMs, ASK_EVERY_MS)) && !this.ended) return;
    const what = this.ended ? this.ending : `does not answer within ${timeoutMs / 1000} s`;
    throw new Error(`etcd ${what}; ${this.props.log} ends:\n${this.endOfLog()}`);
  }

  /** Sends it a signal, and waits for nothing; one that has ended gets none. */
  public signal(name: NodeJS.Signals): void {
    if (!this.ended) this.child.kill(name);
  }

  /** Kills it and waits until it is gone, which it may be already. */
  public async kill(): Promise<void> {
    if (!this.ended) await endChild(this.child, "SIGKILL");
  }

  private get ended(): boolean {
    return this.child.pid === undefined || hasEnded(this.child);
  }

  private get ending(): string {
    const { exitCode, signalCode } = this.child;
    if (this.child.pid === undefined) return `could not be started from ${this.props.program}`;
    return exitCode === null ? `was ended by ${signalCode ?? "a signal"}` : `ended by itself with status ${exitCode}`;
  }

  private endOfLog(): string {
    return readFileSync(this.props.log, "utf8").trimEnd().split("\n").slice(-LOG_LINES).join("\n");
  }
}

/** Flags of a member. */
export function memberFlags({ name, dataDirectory, clientUrl, peerUrl }: MemberPlace): Record<string, string> {
  return {
    name,
    "data-dir": dataDirectory,
    "log-level": "error",
    "listen-client-urls": clientUrl,
    "advertise-client-urls": clientUrl,
    "listen-peer-urls": peerUrl,
    "initial-advertise-peer-urls": peerUrl,
  };
}

/** Whether the etcd at a URL commits writes, where it tells everybody: at a client URL without TLS, or one for metrics. */
export async function isHealthy(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/health`, { signal: AbortSignal.timeout(ANSWER_MS) })).ok;
  } catch {
    return false;
  }
}

const THIS_MACHINE: ProcessHost = {
  spawn: ([file = "", ...args], { stderr }, env) => {
    const log = openSync(stderr, "a");
    try {
      return spawn(file, args, { stdio: ["ignore", log, log], env: { ...process.env, ...env } });
    } finally {
      closeSync(log);
    }
  },
};
