import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import * as path from "node:path";

/** The tools that the unit tests check with what the library writes, and how to get each. */
const HOW_TO_GET = {
  openssl: "install it: apt-get install openssl",
  "ssh-keygen": "install it: apt-get install openssh-client",
  shellcheck: "install it: apt-get install shellcheck",
  "systemd-analyze": "install it: apt-get install systemd",
  terraform: "install it: https://developer.hashicorp.com/terraform/install",
} as const;

/** A tool of {@link HOW_TO_GET}. */
export type Tool = keyof typeof HOW_TO_GET;

/** What a command did. */
export interface Outcome {
  readonly status: number | null;
  /** Both streams, standard output first. */
  readonly output: string;
  readonly stdout: string;
}

/** How to run a tool. */
export interface RunToolOptions {
  readonly cwd?: string;
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Where a command is, or undefined. */
export function find(name: string): string | undefined {
  return (process.env.PATH ?? "")
    .split(path.delimiter)
    .map((directory) => path.join(directory, name))
    .find((candidate) => {
      try {
        accessSync(candidate, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** Runs a tool to its end. Fails with how to get it where it is missing. */
export function runTool(tool: Tool, args: readonly string[], options: RunToolOptions = {}): Outcome {
  const found = find(tool);
  if (found === undefined) throw new Error(`${tool} is not on PATH; ${HOW_TO_GET[tool]}`);
  return runCommand(found, args, options);
}

/** Runs any command to its end. */
export function runCommand(command: string, args: readonly string[], options: RunToolOptions = {}): Outcome {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: options.cwd,
    input: options.input,
    env: { ...process.env, ...options.env },
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
    timeout: 60_000,
  });
  if (error !== undefined) throw error;
  return { status, output: (stdout + stderr).trim(), stdout };
}
