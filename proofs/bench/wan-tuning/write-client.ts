import type { ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import * as path from "node:path";
import { endChild, hasEnded, waitUntil } from "terraform-lab";
import type { Rig } from "../../rig/rig";
import { ensureWorkload } from "../../programs";
import type { Subject } from "./clusters";
import { OperationLog, type Operation } from "../../workload/operation-log";
import { argvOf, recommendedLimits } from "../../workload/flags";
import { nearestFirst } from "./settings";

/** A client's handling of errors; see proofs/workload. */
export type ClientMode = "recommended" | "naive";

export interface WriteClientProps extends Subject {
  readonly region: string;
  readonly mode: ClientMode;
  readonly writesPerSecond: number;
}

/** A client on a host of its own that writes at a steady rate, without waiting for earlier writes. */
export class WriteClient {
  private static count = 0;
  /** Built once, so that an edit of its sources does not cause a build in the middle of a run. */
  private static program?: Promise<string>;

  private constructor(
    private readonly name: string,
    private readonly child: ChildProcess,
    private readonly log: OperationLog,
    private readonly dir: string,
  ) {}

  /** Starts a client with the recommended deadlines for the cluster's setting, and waits for its first write. */
  public static async start(rig: Rig, props: WriteClientProps): Promise<WriteClient> {
    const { cluster, setting, condition, region, mode, writesPerSecond } = props;
    this.count += 1;
    this.program ??= ensureWorkload();
    const name = `w${this.count}-${cluster.name}-${region}`;
    const host = await rig.host(name, condition, region);
    const dir = await rig.scratch(name);
    const history = path.join(dir, "history.jsonl");
    const { tuning } = setting;
    const flags = {
      endpoints: cluster.endpoints(nearestFirst(region, condition.regions)).join(","),
      cacert: rig.client.ca,
      cert: rig.client.cert,
      key: rig.client.key,
      name,
      out: history,
      mode,
      rate: writesPerSecond,
      ...recommendedLimits(tuning),
      // Longer than any measurement: it is stopped by a signal.
      seconds: 86_400,
    };
    const child = host.spawn(
      [await this.program, "run", ...argvOf(flags)],
      { stderr: path.join(dir, "messages") },
      {
        GOMAXPROCS: "1",
      },
    );
    const client = new WriteClient(name, child, new OperationLog(history), dir);
    const wrote = await waitUntil(() => existsSync(history) && client.operations().length > 0, 20_000, 100);
    if (!wrote) throw new Error(`${name} wrote nothing in 20 s; see ${dir}/messages`);
    return client;
  }

  /** Its operations since the last call. */
  public operations(): Operation[] {
    if (hasEnded(this.child)) throw new Error(`${this.name} ended by itself; see ${this.dir}/messages`);
    return this.log.next();
  }

  public async stop(): Promise<void> {
    await endChild(this.child);
  }
}
