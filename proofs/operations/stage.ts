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

/** Locations of the load's clients, and of the members unless told otherwise. */
export const CLIENT_LOCATIONS = ["lon1", "nyc3", "sgp1"];

/** The member at a location. */
export function nameAt(location: string): string {
  return `etcd-${location}`;
}

/** What the address of its droplet in Terraform begins with. */
function dropletAt(location: string): string {
  return `digitalocean_droplet.hosts_${location}`;
}

/** Why something that was to get in the way of an apply did not; undefined if it did. */
export type Miss = string | undefined;

/** Called with the process that applies; returns once it does no harm any more. */
export type Saboteur = (apply: ProcessRecord) => Promise<Miss>;

/** What Terraform prints when it begins to change something. */
const APPLY_BEGINS = /: (Creating|Modifying|Destroying)\.\.\./;

/** Something that cdktf or Terraform is to do. */
type Start = (run: HarnessRun) => Promise<CdktfResult>;

/** What came of it. */
interface Run extends CdktfResult {
  readonly logFile: string;
}

/** A deployed cluster that operations are done to, and what it is declared as. */
export class Stage {
  private runs = 0;
  /** The cdktf or Terraform that runs at the moment. */
  private running?: ProcessRecord;
  /** What the last of them printed, and when. */
  private printed: { readonly atMs: number; readonly line: string }[] = [];
  private disturbance?: { readonly saboteur: Saboteur; readonly at: RegExp };

  /**
   * @param directory for the output of each apply
   */
  public constructor(
    public readonly harness: LabHarness,
    public readonly directory: string,
    private declared: Knobs = {},
    /** How each apply is run: with what clients feel measured, it gives way to them. */
    private readonly how: HarnessRun = { priority: OperatorPriority.IDLE },
  ) {
    onFailure((evidence) => {
      cpSync(directory, path.join(evidence, "stage"), { recursive: true });
    });
  }

  /** What the cluster is declared as. */
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

  /** The member that leads. */
  public async leader(): Promise<string> {
    const { leader } = await (await this.cluster()).status();
    if (leader === undefined) throw new Error("nobody leads");
    return leader;
  }

  /**
   * Moves leadership to where it belongs, as an operator may. After a rollout the timer does it by itself, later with each
   * rollout within an hour; that transfer is no part of what is done next.
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
   * Has the next apply disturbed once it prints such a line; it may fail then, and is followed by one that must not.
   *
   * @param at line to begin at; when Terraform begins to change something, unless told
   */
  public disturbNext(saboteur: Saboteur, at = APPLY_BEGINS): void {
    this.disturbance = { saboteur, at };
  }

  /** Ends an apply that is under way, as the loss of power would; for when everything is to end. */
  public abort(): void {
    if (isAlive(this.running)) signalTree(this.running.pid, "SIGKILL");
  }

  /** Makes an edit that goes along with the next deploy. */
  public declare(edit: Knobs): void {
    this.declared = { ...this.declared, ...edit };
  }

  /** Makes an edit and deploys it; returns what the node scripts said. */
  public async deploy(edit: Knobs = {}): Promise<string[]> {
    this.declare(edit);
    return this.apply((run) => this.harness.run("deploy", this.knobs, run));
  }

  /** Makes an edit that is expected to fail, deploys it and takes it back; returns Terraform's error. */
  public async deployFails(edit: Knobs): Promise<string> {
    const { exitCode, output } = await this.run((run) => this.harness.run("deploy", { ...this.knobs, ...edit }, run));
    if (exitCode === 0) throw new Error("the deploy succeeded, but had to fail");
    return errorsIn(output);
  }

  /** `terraform apply -replace` of a machine; returns what the node scripts said. */
  public async replaceMachine(location: string): Promise<string[]> {
    const { output } = await this.run((run) => this.harness.terraform(["state", "list"], run));
    const droplet = output.split("\n").find((address) => address.startsWith(`${dropletAt(location)}_`));
    if (droplet === undefined) throw new Error(`no droplet at ${location} among ${output}`);
    return this.apply((run) => this.harness.terraform(["apply", "-auto-approve", `-replace=${droplet}`], run));
  }

  /** Seconds from the first such line of the last apply to the first of the others after it; NaN if there are none. */
  public secondsBetween(from: RegExp, to: RegExp): number {
    const begin = this.printed.findIndex(({ line }) => from.test(line));
    const end = this.printed.find(({ line }, i) => i > begin && to.test(line));
    return begin < 0 || end === undefined ? NaN : (end.atMs - this.printed[begin].atMs) / 1000;
  }

  /** Seconds from the order of a machine there in the last apply to the first login on it; NaN if there was none. */
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
      // What was not applied is, as after any failure, by deploying again.
      start = (run) => this.harness.run("deploy", this.knobs, run);
    }
    const run = await this.run(start);
    mustSucceed(run);
    if (disturbance !== undefined) await this.completed();
    return [...lines, ...said(run.output)];
  }

  /**
   * Fails if the last deploy left anything to do. As its operator would, destroys the droplets that the plan warns of: those that
   * a killed Terraform was making.
   */
  private async completed(): Promise<void> {
    const { output, logFile } = await this.run((run) => this.harness.run("diff", this.knobs, run));
    mustHave("nothing is left to do", output.includes(NO_CHANGES), logFile);
    await this.harness.destroy(orphansIn(output));
  }

  /** Fails if nothing got in its way because its time never came, or if it failed although nothing did. */
  private async disturbed(start: Start, saboteur: Saboteur, at: RegExp): Promise<string[]> {
    let sabotage: Promise<Miss> | undefined;
    const run = await this.run(start, (line) => {
      if (sabotage !== undefined || this.running === undefined || !at.test(line)) return;
      sabotage = saboteur(this.running);
      // Whether it failed is asked once the apply has ended; a failure that nobody waits for yet would end this process.
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
   * Terraform truncates its local state before it writes it. Killed in between it leaves an empty one. The plan has to refuse that,
   * and its operator puts the one of before that apply back, as docs/operations.md says.
   */
  private async putStateBack(): Promise<void> {
    const file = this.harness.stateFile;
    if (statSync(file).size > 0) return;
    const { output, logFile } = await this.run((run) => this.harness.run("diff", this.knobs, run));
    mustHave("the plan refuses an empty state", unwrapped(output).includes("Terraform's state knows none"), logFile);
    copyFileSync(`${file}.backup`, file);
    process.stderr.write("    Terraform was killed while it wrote its state, which is empty: its backup is put back\n");
  }

  /** Has cdktf or Terraform do something, whatever comes of it; what it prints is kept in a file of its own. */
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

/** What an operation has to have done. */
export function mustHave(what: string, holds: boolean, evidence: unknown): void {
  if (!holds) throw new Error(`${what}, but: ${JSON.stringify(evidence, null, 1)}`);
}
