import { spawn } from "node:child_process";
import { once } from "node:events";

/** A command that was run and did not succeed. */
export class CommandError extends Error {
  constructor(
    readonly argv: readonly string[],
    readonly status: number | string,
    readonly stderr: string,
  ) {
    super(`${argv.join(" ")} failed (${status}): ${stderr.trim() || "no message"}`);
    this.name = "CommandError";
  }
}

export interface CommandResult {
  /** Exit status, or the signal's name. */
  readonly status: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly input?: string | Buffer;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Kills the command after so many milliseconds. */
  readonly timeoutMs?: number;
  /** Hands this process's terminal to the command instead of collecting its output. */
  readonly tty?: boolean;
}

/** Runs a command and tells how it ended; rejects only if it cannot be started. */
export async function attempt(argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const [command = "", ...args] = argv;
  const child = spawn(command, args, {
    stdio: options.tty ? "inherit" : "pipe",
    env: options.env ?? process.env,
    cwd: options.cwd,
    timeout: options.timeoutMs,
    killSignal: "SIGKILL",
  });
  const output: Buffer[] = [];
  const errors: Buffer[] = [];
  child.stdout?.on("data", (chunk: Buffer) => output.push(chunk));
  child.stderr?.on("data", (chunk: Buffer) => errors.push(chunk));
  // A command that ends without reading all its input is not a fault of ours.
  child.stdin?.on("error", () => undefined);
  child.stdin?.end(options.input ?? "");
  const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  return {
    status: code ?? signal ?? "unknown",
    stdout: Buffer.concat(output).toString(),
    stderr: Buffer.concat(errors).toString(),
  };
}

/** Runs a command, returns what it printed, and rejects unless it succeeded. */
export async function run(argv: readonly string[], options: CommandOptions = {}): Promise<string> {
  const result = await attempt(argv, options);
  if (result.status !== 0) {
    throw new CommandError(argv, result.status, result.stderr);
  }
  return result.stdout;
}
