import { spawn } from "node:child_process";
import { appendFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { createInterface } from "node:readline";
import { signalNamed } from "../tools/process-tree";
import { hasEnded } from "../tools/child";
import { errorsIn } from "./output";
import { OperatorGroup, OperatorPriority } from "./operator-group";
import { ToolError } from "../tools/tool-error";

/** Lowers the priority within a control group, and on hosts without control groups. */
const GIVING_WAY: Readonly<Record<OperatorPriority, readonly string[]>> = {
  [OperatorPriority.LOW]: ["nice", "-n", "5"],
  [OperatorPriority.IDLE]: ["chrt", "--idle", "0"],
};

/** Terraform's files hold private keys, and it gives them the modes that the umask leaves. */
const FOR_OWNER_ALONE = ["sh", "-c", 'umask 077; exec "$@"', "sh"];

/** How to run CDKTF or Terraform. */
export interface CdktfRun {
  /** For example ["deploy", "--auto-approve"]. */
  readonly args: readonly string[];
  /** Added to this process's environment; see Lab.environment. */
  readonly env: Readonly<Partial<Record<string, string>>>;
  /** File that gets a copy of the output. */
  readonly logFile: string;
  /** Directory of the app. @default - the working directory */
  readonly cwd?: string;
  /** Control group to run in; see Lab.operator. */
  readonly operator: OperatorGroup;
  /** @default OperatorPriority.LOW */
  readonly priority?: OperatorPriority;
  readonly onLine?: (line: string) => void;
  /** Called with the process's number once it runs. */
  readonly onSpawn?: (pid: number) => void;
  readonly signal?: AbortSignal;
}

/** Exit code and output of a run. */
export interface CdktfResult {
  readonly exitCode: number;
  /** The output, without colours and spinners. */
  readonly output: string;
}

/** Runs the `cdktf` of the project in the working directory; resolves with any exit code. */
export function cdktf(run: CdktfRun): Promise<CdktfResult> {
  return terraform({ ...run, command: path.resolve("node_modules", ".bin", "cdktf") });
}

/** Runs Terraform, or a command that runs it; resolves with any exit code. */
export async function terraform(run: CdktfRun & { readonly command: string }): Promise<CdktfResult> {
  writeFileSync(run.logFile, "");
  const priority = run.priority ?? OperatorPriority.LOW;
  const [first, ...rest] = [...GIVING_WAY[priority], ...FOR_OWNER_ALONE, run.command, ...run.args];
  const child = spawn(first, rest, {
    cwd: run.cwd ?? process.cwd(),
    env: { ...process.env, ...run.env, CI: "1" },
    stdio: ["ignore", "pipe", "pipe"],
    // In a process group of its own, which the terminal's Ctrl-C does not reach.
    detached: true,
  });
  if (child.pid !== undefined) {
    run.operator.add(child.pid, priority);
    run.onSpawn?.(child.pid);
  }
  // On SIGINT, Terraform completes its current steps and saves its state. A signal to cdktf itself would end it before
  // that, and take away the terminal that Terraform runs in.
  const interrupt = (): void => {
    if (child.pid === undefined || hasEnded(child)) return;
    const program = path.basename(run.env.TERRAFORM_BINARY_NAME ?? "terraform");
    if (signalNamed(child.pid, program, "SIGINT") === 0) process.kill(-child.pid, "SIGINT");
  };
  run.signal?.addEventListener("abort", interrupt, { once: true });
  const lines: string[] = [];
  const take = (raw: string): void => {
    const line = plain(raw);
    if (line === "") return;
    lines.push(line);
    appendFileSync(run.logFile, `${line}\n`);
    run.onLine?.(line);
  };
  createInterface(child.stdout).on("line", take);
  createInterface(child.stderr).on("line", take);
  const exitCode = await new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      resolve(code ?? 130);
    });
  });
  run.signal?.removeEventListener("abort", interrupt);
  return { exitCode, output: lines.join("\n") };
}

/** Deploys with `cdktf deploy`. @throws ToolError with Terraform's errors if that fails */
export async function deploy(run: Omit<CdktfRun, "args">): Promise<CdktfResult> {
  const result = await cdktf({ ...run, args: ["deploy", "--auto-approve"] });
  if (result.exitCode !== 0) {
    throw new ToolError(
      `cdktf deploy failed:\n${errorsIn(result.output)}\n`,
      `All of its output is in ${run.logFile}.`,
    );
  }
  return result;
}

function plain(line: string): string {
  return (
    line
      // eslint-disable-next-line no-control-regex -- removes escape sequences
      .replace(/\u001b\[[0-9;?]*[A-Za-z]/g, "")
      .replace(/^\S+ {2}(?=\S)/, "")
      .trim()
  );
}
