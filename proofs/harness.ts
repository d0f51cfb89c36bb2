import { existsSync, mkdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { App } from "cdktf";
import {
  cdktf,
  CdktfResult,
  CdktfRun,
  ensureCommands,
  errorsIn,
  Lab,
  LabConfig,
  LabPaths,
  terraform,
  waitFor,
} from "terraform-lab";
import { declareCluster, STACK, type Knobs } from "./apps/cluster-stack";
import { LabCluster } from "./lab-cluster";
import definition, { FIRST_BOOT_PACKAGES } from "./lab.config";
import { onFailure, saveEvidence } from "./recording/evidence";
import { DeployPhases } from "./recording/phases";
import { recordTiming } from "./recording/timings";

const APP = path.join(__dirname, "apps", "cluster.ts");

const ROOT = path.resolve(__dirname, "..", process.env.CDKTF_ETCD_TEST_LAB ?? ".lab-test");

/**
 * Terraform and its providers live for seconds: without the collection of garbage a plan needs 1.6 s of processor in place of 2.6, and
 * 360 MB in place of 100.
 */
const SHORT_LIVED_GO = { GOGC: "off", GOMEMLIMIT: "1GiB" };

/** A command on the stack. */
export type HarnessCommand = "deploy" | "diff" | "destroy";

/** Terraform's commands for these. */
const TERRAFORM: Readonly<Record<HarnessCommand, readonly string[]>> = {
  deploy: ["apply", "-auto-approve"],
  diff: ["plan"],
  destroy: ["destroy", "-auto-approve"],
};

/** How to run a command. */
export interface HarnessRun extends Partial<CdktfRun> {
  /**
   * Whether to run the cdktf command line, as in README.md. Otherwise the app is synthesized in this process and
   * Terraform called directly, which takes four seconds less.
   * @default false
   */
  readonly cdktf?: boolean;
  /**
   * The app that cdktf runs: of another commit, for example.
   * @default - this checkout's
   */
  readonly app?: string;
  /**
   * What is declared in place of the cluster of main.ts, without cdktf's command line.
   * @default declareCluster
   */
  readonly declare?: typeof declareCluster;
}

/** Options of a lab for tests. */
export interface HarnessUp {
  /**
   * Whether the operator is next to London, and as far as London from other regions, as in a real deploy. Otherwise it is
   * next to every region, for speed: a step by SSH takes some twenty round trips, which most tests are not about.
   * @default false
   */
  readonly operatorInLondon?: boolean;
  /**
   * Whether machines start as fresh droplets, on which cloud-init installs packages. Otherwise their image has these.
   * @default false
   */
  readonly freshDroplets?: boolean;
}

/** A lab for tests and benches, apart from the user's own lab in the same checkout, and an app to deploy into it. */
export class LabHarness {
  public readonly paths: LabPaths;
  public readonly lab: Lab;
  private config?: LabConfig;
  private runs = 0;

  /** @param root directory of the lab */
  public constructor(root = ROOT) {
    this.paths = new LabPaths(root);
    this.lab = new Lab(definition, this.paths, (line) => process.stderr.write(`      lab: ${line}\n`));
    onFailure((directory) => saveEvidence(this.lab, this.paths, directory));
  }

  public async up({ operatorInLondon = false, freshDroplets = false }: HarnessUp = {}): Promise<void> {
    await ensureCommands(["openssl"]);
    // Removes what an interrupted run left.
    await this.lab.down();
    this.config = await this.lab.up({
      imagePackages: freshDroplets ? [] : FIRST_BOOT_PACKAGES,
      operator: { nearEverywhere: !operatorInLondon },
    });
  }

  public down(): Promise<void> {
    return this.lab.down();
  }

  /** Runs a command on the tests' app with these knobs; resolves with any exit code. */
  public async run(command: HarnessCommand, knobs: Knobs = {}, how: HarnessRun = {}): Promise<CdktfResult> {
    if (how.cdktf === true || how.app !== undefined) return this.runCdktf(command, knobs, how);
    const began = Date.now();
    try {
      this.synthesize(knobs, how.declare);
    } catch (error) {
      // In cdktf's words.
      if (!(error instanceof Error)) throw error;
      return { exitCode: 1, output: `Error: ${error.message}` };
    }
    const synthesized = Date.now();
    await this.initOnce();
    return this.timed(command, how, new DeployPhases(synthesized, (synthesized - began) / 1000), began, (onLine) =>
      this.terraform([...TERRAFORM[command], "-input=false", "-no-color"], {
        ...how,
        onLine,
      }),
    );
  }

  private runCdktf(command: HarnessCommand, knobs: Knobs, how: HarnessRun): Promise<CdktfResult> {
    const args = [command, "--app", `${process.execPath} --import tsx ${how.app ?? APP}`];
    const began = Date.now();
    return this.timed(command, how, new DeployPhases(began), began, (onLine) =>
      cdktf({
        ...how,
        args: command === "diff" ? args : [...args, "--auto-approve"],
        env: { ...this.environment(), LAB_TEST: JSON.stringify(knobs) },
        operator: this.lab.operator(),
        logFile: how.logFile ?? this.logFile(command),
        onLine,
      }),
    );
  }

  /** Records the durations of a run's phases, and passes its lines on. */
  private async timed(
    command: HarnessCommand,
    how: HarnessRun,
    phases: DeployPhases,
    began: number,
    run: (onLine: (line: string) => void) => Promise<CdktfResult>,
  ): Promise<CdktfResult> {
    const result = await run((line) => {
      phases.take(line, Date.now());
      how.onLine?.(line);
    });
    const now = Date.now();
    recordTiming({
      kind: "deploy",
      command,
      test: currentTest(),
      seconds: (now - began) / 1000,
      phases: phases.end(now),
    });
    return result;
  }

  /** Synthesizes the stack into the directory that cdktf would use. */
  private synthesize(knobs: Knobs, declare = declareCluster): void {
    const app = new App({ outdir: this.paths.synthesized });
    // Through JSON, as an app in a process of its own gets them.
    declare(app, JSON.parse(JSON.stringify(knobs)) as Knobs, this.environment());
    app.synth();
  }

  /** Once is enough, because the stack always has the same providers and backend. */
  private async initOnce(): Promise<void> {
    if (existsSync(path.join(this.stackDirectory, ".terraform.lock.hcl"))) return;
    const { exitCode, output } = await this.terraform(["init", "-input=false", "-no-color"]);
    if (exitCode !== 0) throw new Error(`Terraform could not be initialized:\n${errorsIn(output)}`);
  }

  /** Directory of the synthesized stack, in which Terraform runs. */
  public get stackDirectory(): string {
    return path.join(this.paths.synthesized, "stacks", STACK);
  }

  /** What apps and Terraform are told of the lab. */
  public environment(): Record<string, string> {
    if (this.config === undefined) throw new Error("the lab is not up");
    return { ...this.lab.environment(this.config), ...SHORT_LIVED_GO };
  }

  /** A new file for the output of each run: if a story fails, its earlier runs may show why. */
  private logFile(command: string): string {
    this.runs += 1;
    mkdirSync(this.paths.runs, { recursive: true });
    return path.join(this.paths.runs, `${String(this.runs).padStart(3, "0")}-${command}.log`);
  }

  /**
   * Runs a command until it prints a matching line, then interrupts Terraform and does `meanwhile`. The lines before are
   * passed to `onLine`.
   *
   * @throws Error if no line matches: nothing was interrupted then
   */
  public async interrupt(
    command: HarnessCommand,
    at: RegExp,
    knobs: Knobs = {},
    meanwhile: () => void = () => undefined,
    onLine: (line: string) => void = () => undefined,
  ): Promise<CdktfResult> {
    const controller = new AbortController();
    const result = await this.run(command, knobs, {
      signal: controller.signal,
      onLine: (line) => {
        if (controller.signal.aborted) return;
        onLine(line);
        if (!at.test(line)) return;
        controller.abort();
        meanwhile();
      },
    });
    if (!controller.signal.aborted) {
      throw new Error(
        `nothing was interrupted: the ${command} never printed a line like ${String(at)}, but:\n${errorsIn(result.output)}`,
      );
    }
    return result;
  }

  /** Deploys. @throws Error with the errors of Terraform and of the node scripts */
  public async deploy(knobs: Knobs = {}, how: HarnessRun = {}): Promise<string> {
    const { exitCode, output } = await this.run("deploy", knobs, how);
    if (exitCode !== 0) throw new Error(`the deploy failed:\n${errorsIn(output)}`);
    return output;
  }

  /** Deploys, expecting a failure; returns the output. */
  public async deployFails(knobs: Knobs = {}): Promise<string> {
    const { exitCode, output } = await this.run("deploy", knobs);
    if (exitCode === 0) throw new Error("the deploy succeeded, but had to fail");
    return output;
  }

  /** Runs Terraform on the stack synthesized last. */
  public terraform(args: readonly string[], more: Partial<CdktfRun> = {}): Promise<CdktfResult> {
    const env = this.environment();
    return terraform({
      logFile: this.logFile(args[0]),
      cwd: this.stackDirectory,
      ...more,
      command: env.TERRAFORM_BINARY_NAME,
      args,
      env: { ...env, ...more.env },
      operator: this.lab.operator(),
    });
  }

  /** Destroys droplets as in the provider's console, and waits until they are gone. */
  public async destroy(ids: readonly number[]): Promise<void> {
    const api = this.lab.api();
    for (const id of ids) await api.request("DELETE", `/v2/droplets/${id}`);
    const gone = async (): Promise<boolean> => (await api.droplets()).every((droplet) => !ids.includes(droplet.id));
    await eventually(`the end of the droplets ${ids.join(", ")}`, gone);
  }

  /** File of Terraform's state. */
  public get stateFile(): string {
    return path.join(this.paths.terraformState, `terraform.${STACK}.tfstate`);
  }

  /** A string output of the last deploy; after a failed one, some outputs exist too. */
  public output(name: string): string {
    const { outputs } = JSON.parse(readFileSync(this.stateFile, "utf8")) as {
      outputs: Partial<Record<string, { value: string }>>;
    };
    const found = outputs[name];
    if (found === undefined) throw new Error(`no output ${name}, but: ${Object.keys(outputs).join(", ")}`);
    return found.value;
  }

  /** What the state has of the first resource of this type with that in its name. @throws Error if there is none */
  public attributes(type: string, name: string): Readonly<Record<string, string | undefined>> {
    const { resources } = JSON.parse(readFileSync(this.stateFile, "utf8")) as {
      resources: { type: string; name: string; instances: { attributes: Record<string, string | undefined> }[] }[];
    };
    const found = resources.find((one) => one.type === type && one.name.includes(name));
    if (found === undefined) throw new Error(`no ${type} of ${name} in the state`);
    return found.instances[0].attributes;
  }

  public cluster(): Promise<LabCluster> {
    return LabCluster.of(this.lab, this.paths);
  }

  /** Whether the lab's directory still exists. */
  public get leftDirectory(): boolean {
    return existsSync(this.paths.root);
  }
}

/** The name of the running test; undefined in a bench. */
function currentTest(): string | undefined {
  const { expect } = globalThis as { readonly expect?: jest.Expect & { getState(): { currentTestName?: string } } };
  return expect?.getState().currentTestName;
}

/**
 * The output of the node scripts during a deploy, in order. Joins lines that Terraform has split, as it does if the next
 * byte takes longer than a tenth of a second, which happens on a busy machine.
 */
export function said(output: string): string[] {
  const lines: string[] = [];
  const begun = new Map<string, string>();
  const last = new Map<string, number>();
  for (const [, step, text] of output.matchAll(/^(.*?) \(remote-exec\): (.*)$/gm)) {
    const line = `${begun.get(step) ?? ""}${text}`;
    begun.delete(step);
    const of = last.get(step);
    if (/^(etcd-\S+|error): /.test(line)) last.set(step, lines.push(line) - 1);
    else if (/^e(t|tc|tcd|tcd-\S*|r|rr|rro|rror)?:?$/.test(line)) begun.set(step, line);
    else if (of !== undefined && /^[a-z0-9,;()-]/.test(text) && !/^\S+: /.test(text)) lines[of] += text;
  }
  return lines;
}

/** Terraform's message for a plan without changes. */
export const NO_CHANGES = "No changes. Your infrastructure matches the configuration.";

/** Polls until `condition` holds, and records how long that took. @throws Error that says what was waited for, after `seconds` */
export async function eventually(what: string, condition: () => Promise<boolean>, seconds = 60): Promise<void> {
  const started = Date.now();
  try {
    await waitFor(what, condition, seconds);
  } finally {
    recordTiming({ kind: "wait", what, seconds: (Date.now() - started) / 1000 });
  }
}
