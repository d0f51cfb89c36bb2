import { existsSync } from "node:fs";
import * as path from "node:path";
import { LineLog, type Sites } from "terraform-lab";
import { argvOf } from "../workload/flags";
import { SiteProgram } from "./site-program";
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
  private readonly process: SiteProgram;
  private readonly file: string;
  private readonly log: LineLog;
  private readonly views: View[] = [];

  public constructor(sites: Sites, props: ObserverProps) {
    this.file = path.join(props.directory, "views.jsonl");
    this.process = new SiteProgram(
      sites,
      props.location,
      [props.program, "observe", ...argvOf({ env: props.envFile, out: this.file, "dial-ms": RECONNECT_MS })],
      "the observer",
      { stdout: "/dev/null", stderr: path.join(props.directory, "observer.messages") },
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
    this.process.mustRun();
    const views = this.all();
    const before = views.filter(({ atMs }) => atMs < fromMs).slice(-1);
    return [...before, ...views.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs)];
  }

  /** Ends it. @throws Error if it has failed or ended by itself */
  public stop(): Promise<void> {
    return this.process.stop();
  }
}
