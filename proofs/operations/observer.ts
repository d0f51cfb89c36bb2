import type { ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import * as path from "node:path";
import { endChild, hasEnded, LineLog, type Sites } from "terraform-lab";
import { argvOf } from "../workload/flags";
import { parseView, type View } from "./views";

/** How long one try to connect may take, and the longest pause between two: a member that is back is seen soon. */
const RECONNECT_MS = 1500;

/** Where it looks from, and as whom. */
export interface ObserverProps {
  readonly location: string;
  /** The workload program. */
  readonly program: string;
  /** A client's etcd.env. */
  readonly envFile: string;
  /** Directory for what it saw and its messages. */
  readonly directory: string;
}

/** Looks at the cluster all along: who leads, who votes, who is in service. */
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

  /** What it saw, up to now. */
  public all(): readonly View[] {
    if (existsSync(this.file)) this.views.push(...this.log.next().map(parseView));
    return this.views;
  }

  /** What it saw in a span of time, after the last look before it. */
  public between(fromMs: number, toMs: number): readonly View[] {
    this.mustRun();
    const views = this.all();
    const before = views.filter(({ atMs }) => atMs < fromMs).slice(-1);
    return [...before, ...views.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs)];
  }

  /** Ends it; fails if it has ended by itself. */
  public async stop(): Promise<void> {
    this.mustRun();
    if ((await endChild(this.child)) !== 0) throw new Error(`the observer failed; see ${this.messages}`);
  }

  private mustRun(): void {
    if (hasEnded(this.child)) throw new Error(`the observer ended by itself; see ${this.messages}`);
  }
}
