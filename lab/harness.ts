import { existsSync, mkdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { LabCluster } from "./cluster";
import { LabConfig } from "./config";
import { cdktf, CdktfResult, CdktfRun, errorsIn, terraform } from "./deploy";
import { Lab } from "./lab";
import { LabPaths } from "./paths";
import { ensureCommands } from "./tools/apt";
import { ensureProbe } from "./tools/probe";
import { Progress } from "./tools/progress";
import { ensureVersitygw } from "./tools/versitygw";
import { ensureWorkload } from "./tools/workload";
import { waitUntil } from "./wan/process-record";

const APP = path.join(__dirname, "apps", "cluster.ts");

const ROOT = path.resolve(__dirname, "..", process.env.CDKTF_ETCD_TEST_LAB ?? ".lab-test");

/** A lab for tests and benches, beside the one that a person may have in the same checkout, and an app with knobs to deploy into it. */
export class LabHarness {
  public readonly paths: LabPaths;
  public readonly lab: Lab;
  private config?: LabConfig;

  /** @param root directory of the lab */
  public constructor(root = ROOT) {
    this.paths = new LabPaths(root);
    this.lab = new Lab(this.paths, (line) => process.stderr.write(`      lab: ${line}\n`));
  }

  /** Gets all that tests use of what takes minutes to build: a test's time limit is for what it tests. */
  public async prepare(progress: Progress): Promise<void> {
    await this.lab.prepare();
    await ensureCommands(["openssl", "promtool"], progress);
    await ensureVersitygw(progress);
    await ensureWorkload(progress);
    await ensureProbe(progress);
  }

  public async up(): Promise<void> {
    await ensureCommands(["openssl"]);
    // What an interrupted run left is none of this one's business.
    await this.lab.down();
    this.config = await this.lab.up();
  }

  public down(): Promise<void> {
    return this.lab.down();
  }

  /** Runs cdktf on the tests' app with these knobs. */
  public run(command: string, knobs: object = {}, more: Partial<CdktfRun> = {}): Promise<CdktfResult> {
    if (this.config === undefined) throw new Error("the lab is not up");
    mkdirSync(this.paths.root, { recursive: true });
    const args = [command, "--app", `${process.execPath} --import tsx ${APP}`];
    return cdktf({
      args: command === "diff" ? args : [...args, "--auto-approve"],
      env: { ...this.lab.environment(this.config), LAB_TEST: JSON.stringify(knobs) },
      logFile: path.join(this.paths.root, `${command}.log`),
      ...more,
    });
  }

  /** Runs it until it prints such a line, and interrupts Terraform there, and does `meanwhile`. */
  public interrupt(
    command: string,
    at: RegExp,
    knobs: object = {},
    meanwhile: () => void = () => undefined,
  ): Promise<CdktfResult> {
    const controller = new AbortController();
    return this.run(command, knobs, {
      signal: controller.signal,
      onLine: (line) => {
        if (!at.test(line) || controller.signal.aborted) return;
        controller.abort();
        meanwhile();
      },
    });
  }

  /** Deploys; a failure says what Terraform and the node scripts said. */
  public async deploy(knobs: object = {}): Promise<string> {
    const { exitCode, output } = await this.run("deploy", knobs);
    if (exitCode !== 0) throw new Error(`the deploy failed:\n${errorsIn(output)}`);
    return output;
  }

  /** Deploys where a failure is what is expected; returns what was said. */
  public async deployFails(knobs: object = {}): Promise<string> {
    const { exitCode, output } = await this.run("deploy", knobs);
    if (exitCode === 0) throw new Error("the deploy succeeded, but had to fail");
    return output;
  }

  /** Terraform itself, on what was deployed last. */
  public terraform(args: readonly string[], more: Partial<CdktfRun> = {}): Promise<CdktfResult> {
    if (this.config === undefined) throw new Error("the lab is not up");
    return terraform({
      command: this.config.terraform.path,
      args,
      env: this.lab.environment(this.config),
      logFile: path.join(this.paths.root, "terraform.log"),
      cwd: path.join(this.paths.synthesized, "stacks", "test"),
      ...more,
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
    return path.join(this.paths.terraformState, "terraform.test.tfstate");
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

/** What the node scripts said during a deploy, in order. */
export function said(output: string): string[] {
  return [...output.matchAll(/\(remote-exec\): (etcd-\S+: .*|error: .*)$/gm)].map((match) => match[1]);
}

/** Polls until `condition` holds; the error says what was waited for. */
export async function eventually(what: string, condition: () => Promise<boolean>, seconds = 60): Promise<void> {
  if (!(await waitUntil(condition, seconds * 1000, 500))) throw new Error(`${what}: not within ${seconds} s`);
}
