import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { App, LocalBackend, TerraformStack } from "cdktf";
import { LabApi } from "../../../../../lab/clouds/digitalocean/client";
import { unwrapped } from "../../../../../lab/terraform/output";
import { endChild } from "../../../../../lab/tools/child";
import { attempt } from "../../../../../lab/tools/command";
import { ensureProviders } from "../../../../../lab/terraform/providers";
import { findTerraform, type TerraformTool } from "../../../../../lab/terraform/find-terraform";
import { waitUntil } from "../../../../../lab/tools/wait";
import { writeTerraformrc } from "../../../../../lab/terraform/terraformrc";

/** What the API takes. */
export const TOKEN = "token-of-the-test";
const STATE = "terraform.tfstate";
const ROOT = path.join(__dirname, "..", "..", "..", "..", "..");

/** What a Terraform command did. */
export interface Outcome {
  readonly ok: boolean;
  readonly output: string;
}

/** A directory with a configuration in which the real Terraform is run against some API. */
export class Workspace {
  private constructor(
    private readonly terraform: TerraformTool,
    private readonly dir: string,
    /** Added to the environment of every command. */
    readonly env: Record<string, string>,
  ) {}

  static async open(apiUrl: string): Promise<Workspace> {
    const terraform = await findTerraform();
    const mirror = await ensureProviders(terraform);
    const dir = await mkdtemp(path.join(tmpdir(), "lab-test-"));
    const rc = path.join(dir, "terraformrc");
    await writeTerraformrc({ file: rc, ...mirror });
    return new Workspace(terraform, dir, {
      TF_CLI_CONFIG_FILE: rc,
      TF_IN_AUTOMATION: "1",
      CHECKPOINT_DISABLE: "1",
      DIGITALOCEAN_TOKEN: TOKEN,
      DIGITALOCEAN_API_URL: apiUrl,
      DIGITALOCEAN_HTTP_RETRY_WAIT_MIN: "0.01",
    });
  }

  /** Terraform's state, where {@link Workspace.synth} has it kept. */
  get stateFile(): string {
    return path.join(this.dir, STATE);
  }

  async write(config: string): Promise<void> {
    const header = `terraform {
  required_providers {
    digitalocean = { source = "digitalocean/digitalocean" }
    local        = { source = "hashicorp/local" }
    tls          = { source = "hashicorp/tls" }
  }
}
`;
    await writeFile(path.join(this.dir, "main.tf"), header + config);
  }

  /** Begins anew, initialized as it is: with another configuration, no state, and some API. */
  async beginAnew(config: string, apiUrl: string): Promise<void> {
    for (const name of [STATE, `${STATE}.backup`]) await rm(path.join(this.dir, name), { force: true });
    this.env.DIGITALOCEAN_API_URL = apiUrl;
    await this.write(config);
  }

  /**
   * Instead of {@link write}: a stack with its assets, and the state in this directory.
   *
   * @param build is given the stack, called "test"
   * @param hcl whether the stack is written as `cdktf synth --hcl` does
   */
  async synth(build: (stack: TerraformStack) => void, hcl = false): Promise<void> {
    // What `--hcl` sets; a stack looks when it is made.
    process.env.SYNTH_HCL_OUTPUT = String(hcl);
    const outdir = path.join(this.dir, "cdktf.out");
    for (const one of [outdir, path.join(this.dir, "cdk.tf"), path.join(this.dir, "cdk.tf.json")])
      await rm(one, { recursive: true, force: true });
    const app = new App({ outdir });
    const stack = new TerraformStack(app, "test");
    new LocalBackend(stack, { path: STATE });
    build(stack);
    app.synth();
    await cp(path.join(app.outdir, "stacks", "test"), this.dir, { recursive: true });
  }

  async terraformCommand(args: readonly string[], env: Record<string, string> = {}): Promise<Outcome> {
    const { status, stdout, stderr } = await attempt([this.terraform.path, ...args, "-no-color"], {
      cwd: this.dir,
      env: { ...this.env, ...env },
    });
    if (status === 0) return { ok: true, output: stdout };
    return { ok: false, output: unwrapped(stderr) };
  }

  async init(): Promise<void> {
    const { ok, output } = await this.terraformCommand(["init", "-input=false"]);
    if (!ok) throw new Error(output);
  }

  apply(env: Record<string, string> = {}): Promise<Outcome> {
    return this.terraformCommand(["apply", "-auto-approve", "-input=false"], env);
  }

  /** Applies, and returns what Terraform said; fails if it does. */
  async mustApply(): Promise<string> {
    const { ok, output } = await this.apply();
    if (!ok) throw new Error(output);
    return output;
  }

  /** Applies, and kills Terraform once `when` holds. */
  async applyKilled(when: () => Promise<boolean>): Promise<void> {
    const child = spawn(this.terraform.path, ["apply", "-auto-approve", "-input=false"], {
      cwd: this.dir,
      env: { ...process.env, ...this.env },
      stdio: "ignore",
    });
    const ended = once(child, "close");
    const held = await waitUntil(when, 60_000, 50);
    child.kill("SIGKILL");
    await ended;
    if (!held) throw new Error("what Terraform was to be killed at did not come to be within 60 s");
  }

  destroy(env: Record<string, string> = {}): Promise<Outcome> {
    return this.terraformCommand(["destroy", "-auto-approve", "-input=false"], env);
  }

  plan(env: Record<string, string> = {}): Promise<Outcome> {
    return this.terraformCommand(["plan", "-input=false"], env);
  }

  async close(): Promise<void> {
    await rm(this.dir, { recursive: true, force: true });
  }
}

/** The lab's API server in a process of its own, as a user would run it. */
export class Api {
  private constructor(
    private readonly child: ChildProcess,
    private readonly dir: string,
    readonly client: LabApi,
  ) {}

  static async start(bootSeconds = 0): Promise<Api> {
    const dir = await mkdtemp(path.join(tmpdir(), "lab-test-"));
    const args = ["--import", "tsx", "lab/clouds/digitalocean/api/main.ts", "--port", "0", "--token", TOKEN];
    args.push("--state", path.join(dir, "account.json"), "--boot-seconds", String(bootSeconds));
    const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"] });
    const url = await new Promise<string>((resolve, reject) => {
      let text = "";
      child.stdout.on("data", (chunk: Buffer) => {
        text += chunk.toString();
        const found = /http:\/\/[\d.]+:\d+/.exec(text);
        if (found !== null) resolve(found[0]);
      });
      child.once("close", () => {
        reject(new Error(`The API server did not start: ${text}`));
      });
    });
    return new Api(child, dir, new LabApi(url, TOKEN));
  }

  async stop(): Promise<void> {
    await endChild(this.child);
    await rm(this.dir, { recursive: true, force: true });
  }
}
