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

/** What is done to the stack. */
export type HarnessCommand = "deploy" | "diff" | "destroy";

/** Terraform's commands for these. */
const TERRAFORM: Readonly<Record<HarnessCommand, readonly string[]>> = {
  deploy: ["apply", "-auto-approve"],
  diff: ["plan"],
  destroy: ["destroy", "-auto-approve"],
};

/** How to run it. */
export interface HarnessRun extends Partial<CdktfRun> {
  /**
   * Whether the command line of cdktf is what is tried, as in README.md. Else the app is synthesized in this process and Terraform
   * called directly, which takes four seconds less.
   * @default false
   */
  readonly cdktf?: boolean;
  /**
   * The app that cdktf runs: of another commit, for example.
   * @default - this checkout's
   */
  readonly app?: string;
}

/** What a lab for tests is like. */
export interface HarnessUp {
  /**
   * Whether the operator sits next to London, and as far as London from the rest, as somebody who deploys does. Else next to every region: a
   * step by SSH takes some twenty round trips, and most tests are not about those.
   * @default false
   */
  readonly operatorInLondon?: boolean;
  /**
   * Whether machines begin as fresh droplets, and cloud-init installs packages. Else their image has those.
   * @default false
   */
  readonly freshDroplets?: boolean;
}

/** A lab for tests and benches, beside the one that a person may have in the same checkout, and an app with knobs to deploy into it. */
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
    // What an interrupted run left is none of this one's business.
    await this.lab.down();
    this.config = await this.lab.up({
      imagePackages: freshDroplets ? [] : FIRST_BOOT_PACKAGES,
      operator: { nearEverywhere: !operatorInLondon },
    });
  }

  public down(): Promise<void> {
    return this.lab.down();
  }

  /** Does that to the tests' app with these knobs, and resolves whatever comes of it. */
  public async run(command: HarnessCommand, knobs: Knobs = {}, how: HarnessRun = {}): Promise<CdktfResult> {
    if (how.cdktf === true || how.app !== undefined) return this.runCdktf(command, knobs, how);
    const began = Date.now();
    try {
      this.synthesize(knobs);
    } catch (error) {
      // As cdktf says it.
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

  /** Notes what the phases of a run took, and hands its lines on. */
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

  /** Writes the stack to where cdktf would. */
  private synthesize(knobs: Knobs): void {
    const app = new App({ outdir: this.paths.synthesized });
    // By way of JSON, as the app's own process gets them.
    declareCluster(app, JSON.parse(JSON.stringify(knobs)) as Knobs, this.environment());
    app.synth();
  }

  /** The stack always has the same providers and the same backend. */
  private async initOnce(): Promise<void> {
    if (existsSync(path.join(this.stackDirectory, ".terraform.lock.hcl"))) return;
    const { exitCode, output } = await this.terraform(["init", "-input=false", "-no-color"]);
    if (exitCode !== 0) throw new Error(`Terraform could not be initialized:\n${errorsIn(output)}`);
  }

  /** Where the stack is synthesized to, and Terraform runs. */
  private get stackDirectory(): string {
    return path.join(this.paths.synthesized, "stacks", STACK);
  }

  private environment(): Record<string, string> {
    if (this.config === undefined) throw new Error("the lab is not up");
    return this.lab.environment(this.config);
  }

  /** A file of its own for the output of each run: of a story that fails, all that went before is of interest. */
  private logFile(command: string): string {
    this.runs += 1;
    mkdirSync(this.paths.runs, { recursive: true });
    return path.join(this.paths.runs, `${String(this.runs).padStart(3, "0")}-${command}.log`);
  }

  /**
   * Runs it until it prints such a line, and interrupts Terraform there, and does `meanwhile`. Every line before is handed to `onLine`.
   *
   * @throws Error if it never prints one: nothing was interrupted then
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

  /** Deploys; a failure says what Terraform and the node scripts said. */
  public async deploy(knobs: Knobs = {}, how: HarnessRun = {}): Promise<string> {
    const { exitCode, output } = await this.run("deploy", knobs, how);
    if (exitCode !== 0) throw new Error(`the deploy failed:\n${errorsIn(output)}`);
    return output;
  }

  /** Deploys where a failure is what is expected; returns what was said. */
  public async deployFails(knobs: Knobs = {}): Promise<string> {
    const { exitCode, output } = await this.run("deploy", knobs);
    if (exitCode === 0) throw new Error("the deploy succeeded, but had to fail");
    return output;
  }

  /** Terraform itself, on what was synthesized last. */
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

  /** Terraform's state of what is deployed. */
  public get stateFile(): string {
    return path.join(this.paths.terraformState, `terraform.${STACK}.tfstate`);
  }

  /** A string among the outputs of what was deployed last; some of a deploy that failed are there too. */
  public output(name: string): string {
    const { outputs } = JSON.parse(readFileSync(this.stateFile, "utf8")) as {
      outputs: Partial<Record<string, { value: string }>>;
    };
    const found = outputs[name];
    if (found === undefined) throw new Error(`no output ${name}, but: ${Object.keys(outputs).join(", ")}`);
    return found.value;
  }

  public cluster(): Promise<LabCluster> {
    return LabCluster.of(this.lab, this.paths);
  }

  /** Whether the tests' lab left its directory behind. */
  public get leftDirectory(): boolean {
    return existsSync(this.paths.root);
  }
}

/** The test that is under way; a bench has none. */
function currentTest(): string | undefined {
  const { expect } = globalThis as { readonly expect?: jest.Expect & { getState(): { currentTestName?: string } } };
  return expect?.getState().currentTestName;
}

/**
 * What the node scripts said during a deploy, in order. Terraform breaks a line in two where it waits for its next byte for more than a
 * tenth of a second, as it may on a busy machine.
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

/** What Terraform says of a plan with nothing in it. */
export const NO_CHANGES = "No changes. Your infrastructure matches the configuration.";

/** Waits as the lab does, and records how long it took. */
export async function eventually(what: string, condition: () => Promise<boolean>, seconds = 60): Promise<void> {
  const started = Date.now();
  try {
    await waitFor(what, condition, seconds);
  } finally {
    recordTiming({ kind: "wait", what, seconds: (Date.now() - started) / 1000 });
  }
}
