import { spawn } from "node:child_process";

/** How to run a command. */
export interface CommandOptions {
  /** Working directory. @default - this process's */
  readonly cwd?: string;
  /** Variables added to this process's environment; an undefined one is removed from it. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Content of the command's standard input. @default - none */
  readonly input?: string | Buffer;
  /** Milliseconds after which the command is killed. @default - no limit */
  readonly timeoutMs?: number;
  /** Runs at low priority; for builds. */
  readonly nice?: boolean;
  /** Hands this process's terminal to the command; `input` is ignored and no output is collected then. */
  readonly tty?: boolean;
}

/** How a command ended, and its output. */
export interface CommandResult {
  /** Exit status, or the name of the signal that ended it. */
  readonly status: number | string;
  /** Whether it was killed for taking longer than `timeoutMs`. */
  readonly timedOut: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command could not be started, failed, or took too long; the message ends with its last lines of standard error. */
export class CommandError extends Error {
  /** @param what happened, in a few words */
  constructor(
    readonly argv: readonly string[],
    /** Undefined if the command was ended by a signal or never ran. */
    readonly exitCode: number | undefined,
    what: string,
    /** Everything that it wrote to standard error. */
    readonly stderr: string,
  ) {
    const tail = stderr.trim().split("\n").slice(-8).join("\n");
    super(`${argv.join(" ")}: ${what}${tail === "" ? "" : `\n${tail}`}`);
    this.name = "CommandError";
  }
}

/**
 * Runs a command, without a shell, to its end; a failure does not throw.
 *
 * @throws CommandError if it cannot be started
 */
export function attempt(argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const [file = "", ...args] = options.nice === true ? ["nice", "-n", "10", ...argv] : argv;
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: options.tty === true ? "inherit" : "pipe",
      timeout: options.timeoutMs,
      killSignal: "SIGKILL",
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout?.on("data", (chunk: Buffer) => stdout.push(chunk));
    child.stderr?.on("data", (chunk: Buffer) => stderr.push(chunk));
    child.on("error", (error) => {
      reject(new CommandError(argv, undefined, error.message, ""));
    });
    child.on("close", (code, signal) => {
      resolve({
        status: code ?? signal ?? "unknown",
        // Only the time limit kills it from here.
        timedOut: child.killed && signal !== null,
        stdout: Buffer.concat(stdout).toString(),
        stderr: Buffer.concat(stderr).toString(),
      });
    });
    // A command that does not read all of its input closes the pipe, which is no error.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(options.input ?? "");
  });
}

/**
 * Runs a command, without a shell, and returns its standard output.
 *
 * @throws CommandError unless it succeeds
 */
export async function run(argv: readonly string[], options: CommandOptions = {}): Promise<string> {
  const { status, timedOut, stdout, stderr } = await attempt(argv, options);
  if (status === 0) return stdout;
  if (typeof status === "number") throw new CommandError(argv, status, `exit status ${status}`, stderr);
  const what = timedOut ? `not done within ${(options.timeoutMs ?? 0) / 1000} s, and killed` : `ended by ${status}`;
  throw new CommandError(argv, undefined, what, stderr);
}
