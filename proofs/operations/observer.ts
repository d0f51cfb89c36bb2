import type { ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import * as path from "node:path";
import { endChild, hasEnded, LineLog, type Sites } from "terraform-lab";
import { argvOf } from "../workload/flags";
import { parseView, type View } from "./views";

/** Limit of an attempt to connect and of the pause between two, short enough to notice soon that a member is back. */
const RECONNECT_MS = 1500;

/** Options of an observer. */
export interface ObserverProps {
  readonly location: string;
  /** The workload program. */
  readonly program: string;
  /** A client's etcd.env. */
  readonly envFile: string;
  /** Directory of its views and messages. */
  readonly directory: string;
}

/** Observes the cluster continuously: its leader, its voters, and which of these are in service. */
export class Observer {
  private readonly child: ChildProcess;
  private readonly file: string;
  private readonly messages: string;
  private readonly log: LineLog;
  private readonly views: View[] = [];

  public constructor(sites: Sites, props: ObserverProps) {
    this.file = path.join(props.directory, "views.jsonl");
    this.messages = path.join(props.directory, "observer.messages");
    this.child = sites.spawn(
      props.location,
      [props.program, "observe", ...argvOf({ env: props.envFile, out: this.file, "dial-ms": RECONNECT_MS })],
      { stdout: "/dev/null", stderr: this.messages },
    );
    this.log = new LineLog(this.file);
  }

  /** All views so far. */
  public all(): readonly View[] {
    if (existsSync(this.file)) this.views.push(...this.log.next().map(parseView));
    return this.views;
  }

  /** The views in a span of time, and the last one before it. */
  public between(fromMs: number, toMs: number): readonly View[] {
    this.mustRun();
    const views = this.all();
    const before = views.filter(({ atMs }) => atMs < fromMs).slice(-1);
    return [...before, ...views.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs)];
  }

  /** Ends it. @throws Error if it has failed or ended by itself */
  public async stop(): Promise<void> {
    this.mustRun();
    if ((await endChild(this.child)) !== 0) throw new Error(`the observer failed; see ${this.messages}`);
  }

  private mustRun(): void {
    if (hasEnded(this.child)) throw new Error(`the observer ended by itself; see ${this.messages}`);
  }
}
