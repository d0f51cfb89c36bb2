import { spawn } from "node:child_process";

/** How to run a command. */
export interface RunOptions {
  /** Working directory; the current one unless told. */
  readonly cwd?: string;
  /** Variables added to this process's environment. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Milliseconds after which the command is killed; none unless told. */
  readonly timeoutMs?: number;
  /** Text for the command's standard input. */
  readonly input?: string;
  /** Lets everything else on the machine go first; for builds. */
  readonly nice?: boolean;
}

/** What a command that succeeded wrote. */
export interface RunResult {
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that could not be started, failed, or took too long. */
export class CommandError extends Error {
  readonly command: string;
  /** Undefined if it was killed or never ran. */
  readonly exitCode: number | undefined;
  readonly stderr: string;

  constructor(command: string, exitCode: number | undefined, what: string, stderr: string) {
    const tail = stderr.trim().split("\n").slice(-8).join("\n");
    super(`${command}: ${what}${tail === "" ? "" : `\n${tail}`}`);
    this.name = "CommandError";
    this.command = command;
    this.exitCode = exitCode;
    this.stderr = stderr;
  }
}

/** Runs a command without a shell and resolves with its output; rejects with a {@link CommandError}. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const line = [command, ...args].join(" ");
  const [file, argv] = options.nice === true ? ["nice", ["-n", "10", command, ...args]] : [command, [...args]];
  return new Promise((resolve, reject) => {
    const child = spawn(file, argv, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ["pipe", "pipe", "pipe"],
      timeout: options.timeoutMs,
      killSignal: "SIGKILL",
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
    child.on("error", (error) => {
      reject(new CommandError(line, undefined, error.message, ""));
    });
    child.on("close", (code, signal) => {
      const result = { stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() };
      if (code === 0) resolve(result);
      else if (signal !== null) reject(new CommandError(line, undefined, `ended by ${signal}`, result.stderr));
      else reject(new CommandError(line, code ?? undefined, `exit status ${code ?? "unknown"}`, result.stderr));
    });
    // A command that does not read its input closes the pipe first; that is no failure of ours.
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.input ?? "");
  });
}
