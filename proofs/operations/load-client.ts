import type { ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import * as path from "node:path";
import { endChild, hasEnded, type Sites } from "terraform-lab";
import { argvOf } from "../workload/flags";
import { OperationLog, type Operation } from "../workload/operation-log";

/** How a client goes about it; see docs/clients.md. */
export enum ClientKind {
  /** Nearest endpoint first, a deadline per attempt, guarded retry; follows members, reads certificates for each connection. */
  RECOMMENDED = "recommended",
  /** All endpoints of the start in one client, one attempt of 10 s. */
  NAIVE = "naive",
  /** As recommended, with the certificates that it had at the start. */
  KEPT = "kept",
}

/** One client. */
export interface LoadClientProps {
  readonly kind: ClientKind;
  readonly location: string;
  /** The workload program. */
  readonly program: string;
  /** The client's etcd.env. */
  readonly envFile: string;
  readonly prefix: string;
  readonly writesPerSecond: number;
  /** Directory for its history and its messages. */
  readonly directory: string;
}

/** A client at a location that puts, gets, compares and swaps, and watches, at a steady rate, and records it all. */
export class LoadClient {
  private readonly child: ChildProcess;
  private readonly log: OperationLog;
  /** File of its history. */
  public readonly history: string;
  private readonly messages: string;

  public constructor(
    sites: Sites,
    private readonly props: LoadClientProps,
  ) {
    this.history = path.join(props.directory, `${this.name}.jsonl`);
    this.messages = path.join(props.directory, `${this.name}.messages`);
    const flags = {
      env: props.envFile,
      name: this.name,
      prefix: props.prefix,
      out: this.history,
      mode: props.kind === ClientKind.NAIVE ? "naive" : "recommended",
      credentials: props.kind === ClientKind.KEPT ? "kept" : "fresh",
      ops: "mixed",
      rate: props.writesPerSecond,
      // It is told when to stop.
      seconds: 86_400,
    };
    this.child = sites.spawn(props.location, [props.program, "run", ...argvOf(flags)], {
      stdout: path.join(props.directory, `${this.name}.summary`),
      stderr: this.messages,
    });
    this.log = new OperationLog(this.history);
  }

  public get kind(): ClientKind {
    return this.props.kind;
  }

  /** Its name in histories. */
  public get name(): string {
    return `${this.props.kind}-${this.props.location}`;
  }

  /** The operations that ended since the last call. */
  public operations(): Operation[] {
    this.mustRun();
    return existsSync(this.history) ? this.log.next() : [];
  }

  /** Has it read the endpoints in its files again. */
  public reread(): void {
    this.child.kill("SIGHUP");
  }

  /** Ends it once its operations have, and its watch has seen them; fails if it has ended by itself. */
  public async stop(): Promise<void> {
    this.mustRun();
    if ((await endChild(this.child)) !== 0) throw new Error(`${this.name} failed; see ${this.messages}`);
  }

  private mustRun(): void {
    if (hasEnded(this.child)) throw new Error(`${this.name} ended by itself; see ${this.messages}`);
  }
}
