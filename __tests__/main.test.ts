import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { runCommand, runTool } from "./tools";
import { scratchDirectory } from "./templates/render";

jest.setTimeout(120_000);

const ROOT = path.join(__dirname, "..");
const scratch = scratchDirectory();

/** Synthesizes main.ts as cdktf does; returns the state file that it tells Terraform of. */
function synthesize(stateDirectory: string): string {
  const outdir = path.join(scratch, `${path.basename(stateDirectory)}.out`);
  const { status, output } = runCommand(
    "sh",
    ["-c", 'umask 022; exec "$@"', "sh", process.execPath, "--import", "tsx", "main.ts"],
    {
      cwd: ROOT,
      env: { ETCD_STATE_DIRECTORY: stateDirectory, ETCD_SSH_FROM: "198.51.100.7/32", CDKTF_OUTDIR: outdir },
    },
  );
  expect([status, output]).toEqual([0, expect.any(String)]);
  const stack = JSON.parse(readFileSync(path.join(outdir, "stacks", "etcd", "cdk.tf.json"), "utf8")) as {
    terraform: { backend: { local: { path: string } } };
  };
  return stack.terraform.backend.local.path;
}

const modes = (stateFile: string): number[] =>
  [stateFile, `${stateFile}.backup`].map((file) => statSync(file).mode & 0o777);

describe("the local state of main.ts", () => {
  it("is its owner's alone, through all that Terraform writes", () => {
    const directory = path.join(scratch, "not", "there", "yet");
    const stateFile = synthesize(directory);
    expect(stateFile).toBe(path.join(directory, "terraform.etcd.tfstate"));

    // Terraform itself, with a stack that needs no provider, and the umask that most machines have.
    const stack = path.join(directory, "stack");
    mkdirSync(stack);
    const terraform = (...args: string[]): void => {
      const { status, output } = runCommand("sh", ["-c", 'umask 022; exec "$@"', "sh", "terraform", ...args], {
        cwd: stack,
        env: { CHECKPOINT_DISABLE: "1" },
      });
      expect([args[0], status, output]).toEqual([args[0], 0, expect.any(String)]);
    };
    const configure = (input: string): void => {
      const backend = `terraform {\n  backend "local" {\n    path = "${stateFile}"\n  }\n}\n`;
      writeFileSync(
        path.join(stack, "main.tf"),
        `${backend}resource "terraform_data" "secret" {\n  input = "${input}"\n}\n`,
      );
    };
    expect(runTool("terraform", ["version"]).status).toBe(0);
    configure("first");
    terraform("init", "-no-color");
    terraform("apply", "-auto-approve", "-no-color");
    configure("second");
    terraform("apply", "-auto-approve", "-no-color");
    expect(readFileSync(stateFile, "utf8")).toContain("second");
    expect(readFileSync(`${stateFile}.backup`, "utf8")).toContain("first");
    expect(modes(stateFile)).toEqual([0o600, 0o600]);
  });

  it("becomes so where an earlier deploy has left it to be read by others, and stays what it was", () => {
    const directory = path.join(scratch, "open");
    mkdirSync(directory);
    const stateFile = path.join(directory, "terraform.etcd.tfstate");
    for (const file of [stateFile, `${stateFile}.backup`]) {
      writeFileSync(file, "kept");
      chmodSync(file, 0o644);
    }
    synthesize(directory);
    expect(modes(stateFile)).toEqual([0o600, 0o600]);
    expect(readFileSync(stateFile, "utf8")).toBe("kept");
  });
});
