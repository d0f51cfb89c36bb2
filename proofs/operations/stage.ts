import { copyFileSync, cpSync, statSync } from "node:fs";
import * as path from "node:path";
import {
  type CdktfResult,
  errorsIn,
  isAlive,
  type LabDroplet,
  OperatorPriority,
  orphansIn,
  type ProcessRecord,
  recordOf,
  signalTree,
  unwrapped,
} from "terraform-lab";
import type { Knobs } from "../apps/cluster-stack";
import { eventually, NO_CHANGES, said, type HarnessRun, type LabHarness } from "../harness";
import type { LabCluster } from "../lab-cluster";
import { onFailure } from "../recording/evidence";

/** Locations of the load's clients and, by default, of the members. */
export const CLIENT_LOCATIONS = ["lon1", "nyc3", "sgp1"];

/** Name of the member at a location. */
export function nameAt(location: string): string {
  return `etcd-${location}`;
}

/** Beginning of its droplet's address in Terraform. */
function dropletAt(location: string): string {
  return `digitalocean_droplet.hosts_${location}`;
}

/** Why an interruption did not hit the apply; undefined if it did. */
export type Miss = string | undefined;

/** Interrupts an apply, called with its process; resolves once normal conditions are restored. */
export type Saboteur = (apply: ProcessRecord) => Promise<Miss>;

/** Terraform's output when it begins to change something. */
const APPLY_BEGINS = /: (Creating|Modifying|Destroying)\.\.\./;

/** Starts cdktf or Terraform. */
type Start = (run: HarnessRun) => Promise<CdktfResult>;

/** The result of a run. */
interface Run extends CdktfResult {
  readonly logFile: string;
}

/** A deployed cluster for operations, and its declaration. */
export class Stage {
  private runs = 0;
  /** The process of cdktf or Terraform that runs now. */
  private running?: ProcessRecord;
  /** Lines that the last of these printed, with their times. */
  private printed: { readonly atMs: number; readonly line: string }[] = [];
  private disturbance?: { readonly saboteur: Saboteur; readonly at: RegExp };

  /**
   * @param directory for the output of each apply
   */
  public constructor(
    public readonly harness: LabHarness,
    public readonly directory: string,
    private declared: Knobs = {},
    /** How applies are run: at idle priority, so as not to disturb measurements of clients. */
    private readonly how: HarnessRun = { priority: OperatorPriority.IDLE },
  ) {
    onFailure((evidence) => {
      cpSync(directory, path.join(evidence, "stage"), { recursive: true });
    });
  }

  /** The cluster's declaration. */
  public get knobs(): Knobs {
    return { clientSites: CLIENT_LOCATIONS, backup: {}, upkeep: { minimumFreeMiB: 16 }, ...this.declared };
  }

  public get regions(): readonly string[] {
    return this.declared.regions ?? CLIENT_LOCATIONS;
  }

  public cluster(): Promise<LabCluster> {
    return this.harness.cluster();
  }

  public async machine(name: string): Promise<LabDroplet> {
    return (await this.cluster()).machine(name);
  }

  /** Name of the leader. */
  public async leader(): Promise<string> {
    const { leader } = await (await this.cluster()).status();
    if (leader === undefined) throw new Error("nobody leads");
    return leader;
  }

  /**
   * Moves leadership to the best place, as an operator may. After a rollout a timer does this, later with each rollout
   * within an hour; that transfer must not count for the next operation.
   */
  public async settled(): Promise<void> {
    const cluster = await this.cluster();
    const place = nameAt(cluster.model().bestLeader().location);
    await eventually(`the leader at ${place}`, async () => {
      const leader = await this.leader();
      if (leader === place) return true;
      await cluster.moveLeader(cluster.machine(leader), place);
      return false;
    });
  }

  /**
   * Has the next apply disturbed once it prints a matching line. That apply may fail, and is followed by one that must not.
   *
   * @param at matches the line; by default Terraform's first one about a change
   */
  public disturbNext(saboteur: Saboteur, at = APPLY_BEGINS): void {
    this.disturbance = { saboteur, at };
  }

  /** Kills a running apply, for an end of everything. */
  public abort(): void {
    if (isAlive(this.running)) signalTree(this.running.pid, "SIGKILL");
  }

  /** Changes the declaration, for the next deploy. */
  public declare(edit: Knobs): void {
    this.declared = { ...this.declared, ...edit };
  }

  /** Changes the declaration and deploys it; returns the node scripts' output. */
  public async deploy(edit: Knobs = {}): Promise<string[]> {
    this.declare(edit);
    return this.apply((run) => this.harness.run("deploy", this.knobs, run));
  }

  /** Deploys a change that must fail, without keeping it in the declaration; returns Terraform's errors. */
  public async deployFails(edit: Knobs): Promise<string> {
    const { exitCode, output } = await this.run((run) => this.harness.run("deploy", { ...this.knobs, ...edit }, run));
    if (exitCode === 0) throw new Error("the deploy succeeded, but had to fail");
    return errorsIn(output);
  }

  /** `terraform apply -replace` of a machine; returns the node scripts' output. */
  public async replaceMachine(location: string): Promise<string[]> {
    const { output } = await this.run((run) => this.harness.terraform(["state", "list"], run));
    const droplet = output.split("\n").find((address) => address.startsWith(`${dropletAt(location)}_`));
    if (droplet === undefined) throw new Error(`no droplet at ${location} among ${output}`);
    return this.apply((run) => this.harness.terraform(["apply", "-auto-approve", `-replace=${droplet}`], run));
  }

  /** Seconds from the last apply's first line that matches `from` to the first one after it that matches `to`; or NaN. */
  public secondsBetween(from: RegExp, to: RegExp): number {
    const begin = this.printed.findIndex(({ line }) => from.test(line));
    const end = this.printed.find(({ line }, i) => i > begin && to.test(line));
    return begin < 0 || end === undefined ? NaN : (end.atMs - this.printed[begin].atMs) / 1000;
  }

  /** Seconds from a machine's creation at a location in the last apply to the first login on it; NaN without one. */
  public bootSeconds(location: string): number {
    return this.secondsBetween(
      new RegExp(`^${dropletAt(location)}_droplet_\\w+: Creating`),
      new RegExp(`_${nameAt(location)}_install_\\w+ \\(remote-exec\\): Connected`),
    );
  }

  private async apply(start: Start): Promise<string[]> {
    const { disturbance } = this;
    this.disturbance = undefined;
    const lines: string[] = [];
    if (disturbance !== undefined) {
      lines.push(...(await this.disturbed(start, disturbance.saboteur, disturbance.at)));
      // As after any failure, another deploy applies the rest.
      start = (run) => this.harness.run("deploy", this.knobs, run);
    }
    const run = await this.run(start);
    mustSucceed(run);
    if (disturbance !== undefined) await this.completed();
    return [...lines, ...said(run.output)];
  }

  /**
   * Fails if the last deploy left anything to do. As an operator would, destroys the droplets that the plan warns of: those
   * that a killed Terraform was making.
   */
  private async completed(): Promise<void> {
    const { output, logFile } = await this.run((run) => this.harness.run("diff", this.knobs, run));
    mustHave("nothing is left to do", output.includes(NO_CHANGES), logFile);
    await this.harness.destroy(orphansIn(output));
  }

  /** Fails if the disturbance never began, or if the apply failed although the disturbance missed. */
  private async disturbed(start: Start, saboteur: Saboteur, at: RegExp): Promise<string[]> {
    let sabotage: Promise<Miss> | undefined;
    const run = await this.run(start, (line) => {
      if (sabotage !== undefined || this.running === undefined || !at.test(line)) return;
      sabotage = saboteur(this.running);
      // Awaited after the end of the apply; without this, a failure before that would be an unhandled rejection.
      sabotage.catch(() => undefined);
    });
    if (sabotage === undefined) {
      throw new Error(`nothing got in the way of the deploy: it never printed ${String(at)}; see ${run.logFile}`);
    }
    if ((await sabotage) !== undefined) mustSucceed(run);
    await this.putStateBack();
    return said(run.output);
  }

  /**
   * Terraform truncates its local state before it writes it; if it is killed in between, the state is empty. The plan has
   * to refuse that, and the operator puts the state from before the apply back, as docs/operations.md says.
   */
  private async putStateBack(): Promise<void> {
    const file = this.harness.stateFile;
    if (statSync(file).size > 0) return;
    const { output, logFile } = await this.run((run) => this.harness.run("diff", this.knobs, run));
    mustHave("the plan refuses an empty state", unwrapped(output).includes("Terraform's state knows none"), logFile);
    copyFileSync(`${file}.backup`, file);
    process.stderr.write("    Terraform was killed while it wrote its state, which is empty: its backup is put back\n");
  }

  /** Runs cdktf or Terraform, with its output in a new file; resolves with any exit code. */
  private async run(start: Start, onLine?: (line: string) => void): Promise<Run> {
    this.runs += 1;
    this.printed = [];
    const logFile = path.join(this.directory, `apply-${String(this.runs).padStart(3, "0")}.log`);
    try {
      const result = await start({
        ...this.how,
        logFile,
        onSpawn: (pid) => {
          this.running = recordOf(pid);
        },
        onLine: (line) => {
          this.printed.push({ atMs: Date.now(), line });
          onLine?.(line);
        },
      });
      return { ...result, logFile };
    } finally {
      this.running = undefined;
    }
  }
}

function mustSucceed({ exitCode, output, logFile }: Run): void {
  if (exitCode !== 0) throw new Error(`the deploy failed; all of it is in ${logFile}:\n${errorsIn(output)}`);
}

/** @throws Error with `what` and the evidence unless it holds */
export function mustHave(what: string, holds: boolean, evidence: unknown): void {
  if (!holds) throw new Error(`${what}, but: ${JSON.stringify(evidence, null, 1)}`);
}
