import * as path from "node:path";
import type { Knobs } from "../apps/cluster";
import { eventually, said, type LabHarness } from "../harness";
import type { LabDroplet } from "../api-client";
import type { LabCluster } from "../cluster";
import { errorsIn, orphansIn, type CdktfResult, type CdktfRun } from "../deploy";
import { signalTree } from "./process-tree";

/** Locations of the load's clients, and of the members unless told otherwise. */
export const CLIENT_LOCATIONS = ["lon1", "nyc3", "sgp1"];

/** The member at a location. */
export function nameAt(location: string): string {
  return `etcd-${location}`;
}

/** Called with the process that applies; returns once it does no harm any more. */
export type Saboteur = (pid: number) => Promise<void>;

/** What Terraform prints when it begins to change something. */
const APPLY_BEGINS = /: (Creating|Modifying|Destroying)\.\.\./;

/** A deployed cluster that operations are done to, and what it is declared as. */
export class Stage {
  private applies = 0;
  /** The process that applies at the moment. */
  private applying?: number;
  private disturbance?: { readonly saboteur: Saboteur; readonly at: RegExp };

  /**
   * @param directory for the output of each apply
   */
  public constructor(
    public readonly harness: LabHarness,
    public readonly directory: string,
    private declared: Knobs = {},
  ) {}

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
      const move = `etcdctl move-leader $(etcdctl member list | awk -F', ' '$3 == "${place}" { print $1 }')`;
      await cluster.on(cluster.machine(leader), move);
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
    if (this.applying !== undefined) signalTree(this.applying, "SIGKILL");
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
    const { exitCode, output } = await this.harness.run("deploy", { ...this.knobs, ...edit }, this.logged());
    if (exitCode === 0) throw new Error("the deploy succeeded, but had to fail");
    return errorsIn(output);
  }

  /** `terraform apply -replace` of a machine; returns what the node scripts said. */
  public async replaceMachine(location: string): Promise<string[]> {
    const { output } = await this.harness.terraform(["state", "list"], this.logged());
    const droplet = output.split("\n").find((address) => address.startsWith(`digitalocean_droplet.hosts_${location}_`));
    if (droplet === undefined) throw new Error(`no droplet at ${location} among ${output}`);
    return this.apply((run) => this.harness.terraform(["apply", "-auto-approve", `-replace=${droplet}`], run));
  }

  private async apply(start: (run: Partial<CdktfRun>) => Promise<CdktfResult>): Promise<string[]> {
    const { disturbance } = this;
    this.disturbance = undefined;
    const lines: string[] = [];
    if (disturbance !== undefined) {
      lines.push(...(await this.disturbed(start, disturbance.saboteur, disturbance.at)));
      // What was not applied is, as after any failure, by deploying again.
      start = (run) => this.harness.run("deploy", this.knobs, run);
    }
    const run = this.logged();
    const { exitCode, output } = await start(run);
    if (exitCode !== 0) throw new Error(`the deploy failed; all of it is in ${run.logFile}:\n${errorsIn(output)}`);
    if (disturbance !== undefined) await this.completed();
    return [...lines, ...said(output)];
  }

  /**
   * Fails if the last deploy left anything to do. As its operator would, destroys the droplets that the plan warns of: those that
   * a killed Terraform was making.
   */
  private async completed(): Promise<void> {
    const run = this.logged();
    const { output } = await this.harness.run("diff", this.knobs, run);
    mustHave("nothing is left to do", output.includes("No changes. Your infrastructure matches"), run.logFile);
    await this.harness.destroy(orphansIn(output));
  }

  private async disturbed(
    start: (run: Partial<CdktfRun>) => Promise<CdktfResult>,
    saboteur: Saboteur,
    at: RegExp,
  ): Promise<string[]> {
    let sabotage: Promise<void> | undefined;
    const { output } = await start({
      ...this.logged(),
      onLine: (line) => {
        if (this.applying !== undefined && at.test(line)) sabotage ??= saboteur(this.applying);
      },
    });
    await sabotage;
    return said(output);
  }

  private logged(): Required<Pick<CdktfRun, "logFile" | "onSpawn">> {
    this.applies += 1;
    return {
      logFile: path.join(this.directory, `apply-${String(this.applies).padStart(3, "0")}.log`),
      onSpawn: (pid) => {
        this.applying = pid;
      },
    };
  }
}

/** What an operation has to have done. */
export function mustHave(what: string, holds: boolean, evidence: unknown): void {
  if (!holds) throw new Error(`${what}, but: ${JSON.stringify(evidence, null, 1)}`);
}
