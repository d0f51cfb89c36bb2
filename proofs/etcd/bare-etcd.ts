import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { endChild, hasEnded, waitUntil } from "terraform-lab";

/** A host to start programs on. */
export interface ProcessHost {
  /** Starts a program; its standard output and error are appended to the file `stderr`. */
  spawn(argv: readonly string[], files: { readonly stderr: string }, env?: NodeJS.ProcessEnv): ChildProcess;
}

/** How to start an etcd, and how to check that it serves. */
export interface BareEtcdProps {
  /** The program's path. */
  readonly program: string;
  /**
   * Settings by the names of etcd's flags, without dashes.
   * @default - none
   */
  readonly flags?: Readonly<Record<string, string>>;
  /**
   * Variables added to this process's environment, ETCD_* among them.
   * @default - none
   */
  readonly environment?: NodeJS.ProcessEnv;
  /** File to which its log is appended. */
  readonly log: string;
  /** Whether it answers; called repeatedly until it does. */
  readonly answers: () => Promise<boolean>;
  /**
   * The host that it runs on.
   * @default - this machine
   */
  readonly host?: ProcessHost;
}

/** A member's name, data directory and URLs, both to listen on and to advertise. */
export interface MemberPlace {
  readonly name: string;
  readonly dataDirectory: string;
  readonly clientUrl: string;
  readonly peerUrl: string;
}

const LOG_LINES = 20;
const ASK_EVERY_MS = 100;
/** etcd answers within 5 s and two election timeouts even without a leader; one stopped by SIGSTOP never does. */
const ANSWER_MS = 10_000;

/** An etcd process without a machine or a systemd unit. */
export class BareEtcd {
  /** Starts an etcd; does not wait until it answers. */
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
    // A program that cannot be started has no process id, which `untilAnswers` reports.
    child.once("error", () => undefined);
  }

  /**
   * Waits until it answers.
   *
   * @throws Error with the end of its log if it does not in time or has ended
   */
  public async untilAnswers(timeoutMs = 30_000): Promise<void> {
    const settled = async (): Promise<boolean> => this.ended || (await this.props.answers());
    if ((await waitUntil(settled, timeoutMs, ASK_EVERY_MS)) && !this.ended) return;
    const what = this.ended ? this.ending : `does not answer within ${timeoutMs / 1000} s`;
    throw new Error(`etcd ${what}; ${this.props.log} ends:\n${this.endOfLog()}`);
  }

  /** Sends it a signal without waiting; does nothing if it has ended. */
  public signal(name: NodeJS.Signals): void {
    if (!this.ended) this.child.kill(name);
  }

  /** Kills it and waits for its end. It may have ended already. */
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

/** etcd's flags for a member. */
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

/** Whether the etcd at a URL commits writes. @param url a client URL without TLS, or a metrics URL */
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
