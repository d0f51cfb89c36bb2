import { mkdtempSync, rmSync } from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { waitUntil } from "terraform-lab";
import type { Knobs } from "../../proofs/apps/cluster-stack";
import { LabHarness } from "../../proofs/harness";
import { operationNamed } from "../../proofs/operations/catalog";
import { interruptionNamed } from "../../proofs/operations/interruption";
import { Load } from "../../proofs/operations/load";
import type { OperationRow } from "../../proofs/operations/operation-row";
import { carryOut, getReleases, ROLL_IN_TWO, type Bar } from "../../proofs/operations/operation";
import { CLIENT_LOCATIONS, Stage, type Miss } from "../../proofs/operations/stage";
import { operationTable } from "../../proofs/operations/table";
import { Random } from "../../proofs/random";
import { useCleanup } from "../cleanup";
import { judge } from "./judge";

/** A cluster, clients on three continents that write and read all the time, and what they felt of each operation. */
export class OperationsUnderLoad {
  public readonly harness = new LabHarness();
  private readonly directory = mkdtempSync(path.join(os.tmpdir(), "cdktf-etcd-operations-"));
  private readonly stage: Stage;
  private readonly rows: OperationRow[] = [];
  private load?: Load;
  private violated = true;

  /**
   * Registers the hooks that deploy it and take it down.
   *
   * @param names of the operations that will be done
   * @param knobs what it is declared as
   */
  public constructor(names: readonly string[], knobs: Knobs = {}) {
    this.stage = new Stage(this.harness, this.directory, knobs);
    const atEnd = useCleanup();
    beforeAll(async () => {
      atEnd(() => this.harness.down());
      atEnd(() => {
        if (this.violated) process.stderr.write(`      histories, and all that was applied: ${this.directory}\n`);
        else rmSync(this.directory, { recursive: true });
      });
      await this.harness.up();
      await getReleases(
        names.map((name) => operationNamed(name)),
        this.stage,
      );
      await this.stage.deploy();
      const load = await Load.start({
        lab: this.harness.lab,
        locations: CLIENT_LOCATIONS,
        directory: path.join(this.directory, "load"),
        // 50 operations per second in all.
        writesPerSecond: 6,
      });
      this.load = load;
      atEnd(() => load.stop());
    }, 900_000);
  }

  /** Does an operation of the catalog, and holds it against its bars. */
  public async carryOut(name: string): Promise<void> {
    const operation = operationNamed(name);
    this.judge(await this.during(name, () => carryOut(operation, this.stage)), operation.bars ?? []);
  }

  /**
   * Rolls a setting out, kills Terraform after such a line, and deploys again; returns what was said.
   *
   * @param ready whether the moment has come to kill it; polled from that line on
   * @param done called when it is dead, or its moment has not come
   */
  public async rollWithKill(
    name: string,
    at: RegExp,
    ready = (): boolean => true,
    done = (): Promise<void> => Promise.resolve(),
  ): Promise<readonly string[]> {
    const kill = interruptionNamed("SIGKILL to Terraform");
    let miss: Miss = "its moment never came";
    let lines: readonly string[] = [];
    const row = await this.during(name, async () => {
      this.stage.disturbNext(async (apply) => {
        try {
          if (await waitUntil(ready, 30_000)) miss = await kill.strike(this.harness, apply, new Random(1));
          return miss;
        } finally {
          await done();
        }
      }, at);
      lines = await operationNamed("settings roll").perform(this.stage);
    });
    expect(miss).toBeUndefined();
    this.judge(row, ROLL_IN_TWO);
    return lines;
  }

  /** Ends the load, and judges its histories. */
  public async finish(): Promise<void> {
    await this.running().finish();
    this.violated = false;
    process.stderr.write(`${operationTable(this.rows)}\n`);
    expect(this.rows.map(({ recommended }) => recommended.requests).every((requests) => requests > 0)).toBe(true);
  }

  private judge(row: OperationRow, bars: readonly Bar[]): void {
    this.rows.push(row);
    judge(row, bars);
  }

  /** Does something that begins with leadership in its place, and with nothing in flight of what was done before. */
  private async during(name: string, action: () => Promise<void>): Promise<OperationRow> {
    const load = this.running();
    await load.aside(() => this.stage.settled());
    return load.during(name, action);
  }

  private running(): Load {
    if (this.load === undefined) throw new Error("the load did not start");
    return this.load;
  }
}
