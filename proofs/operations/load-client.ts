import { existsSync } from "node:fs";
import * as path from "node:path";
import type { Sites } from "terraform-lab";
import { argvOf } from "../workload/flags";
import { OperationLog, type Operation } from "../workload/operation-log";
import { SiteProgram } from "./site-program";

/** A client's handling of errors and of certificates; see docs/clients.md. */
export enum ClientKind {
  /** Nearest endpoint first, a deadline per attempt, guarded retry; follows members, rereads certificates to connect. */
  RECOMMENDED = "recommended",
  /** One client with all endpoints known at the start, one attempt of 10 s. */
  NAIVE = "naive",
  /** As recommended, but with the client certificate from the start. */
  KEPT = "kept",
}

/** Properties of a client. */
export interface LoadClientProps {
  readonly kind: ClientKind;
  readonly location: string;
  /** The workload program. */
  readonly program: string;
  /** The client's etcd.env. */
  readonly envFile: string;
  readonly prefix: string;
  readonly writesPerSecond: number;
  /** Directory of its history and its messages. */
  readonly directory: string;
}

/** A client at a location that puts, gets, compares and swaps, and watches, at a steady rate, and records all of it. */
export class LoadClient {
  private readonly process: SiteProgram;
  private readonly log: OperationLog;
  /** File of its history. */
  public readonly history: string;

  public constructor(
    sites: Sites,
    private readonly props: LoadClientProps,
  ) {
    this.history = path.join(props.directory, `${this.name}.jsonl`);
    const flags = {
      env: props.envFile,
      name: this.name,
      prefix: props.prefix,
      out: this.history,
      mode: props.kind === ClientKind.NAIVE ? "naive" : "recommended",
      credentials: props.kind === ClientKind.KEPT ? "kept" : "fresh",
      ops: "mixed",
      rate: props.writesPerSecond,
      // Longer than any load: it is stopped by a signal.
      seconds: 86_400,
    };
    this.process = new SiteProgram(sites, props.location, [props.program, "run", ...argvOf(flags)], this.name, {
      stdout: path.join(props.directory, `${this.name}.summary`),
      stderr: path.join(props.directory, `${this.name}.messages`),
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
    this.process.mustRun();
    return existsSync(this.history) ? this.log.next() : [];
  }

  /** Makes it reread the endpoints in its files. */
  public reread(): void {
    this.process.signal("SIGHUP");
  }

  /** Ends it after its operations, and after its watch has shown them. @throws Error if it has failed or ended by itself */
  public stop(): Promise<void> {
    return this.process.stop();
  }
}
