import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { createInterface } from "node:readline";
import type { Machine } from "./machines";

/** A command on a machine. */
export interface RemoteCommand {
  /** The member's name. */
  readonly name: string;
  readonly machine: Machine;
  /** Words of the machine's shell. */
  readonly command: readonly string[];
  /** What it reads; nothing, if it is missing. */
  readonly input?: string | Buffer;
  readonly signal: AbortSignal;
  readonly onLine: (line: string) => void;
}

/** Runs a command to its end; resolves with why it failed, if it did. */
export type RunRemotely = (remote: RemoteCommand) => Promise<string | undefined>;

/**
 * Has `work` run commands on machines, by the ssh that is found in this environment. The keys lie in a directory for this user alone
 * until it is done.
 */
export async function withSsh<Result>(
  env: NodeJS.ProcessEnv,
  work: (run: RunRemotely) => Promise<Result>,
): Promise<Result> {
  const directory = mkdtempSync(path.join(tmpdir(), "cdktf-etcd-ssh-"));
  try {
    return await work((remote) => run(sshArguments(directory, remote.name, remote.machine), remote, env));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/**
 * The system's ssh, with the key of the deploy, pinned to the host key that was made for the machine, and with nothing of the
 * user's own configuration.
 */
function sshArguments(directory: string, name: string, machine: Machine): string[] {
  const key = path.join(directory, `${name}.key`);
  const knownHosts = path.join(directory, `${name}.known_hosts`);
  writeFileSync(key, machine.private_key, { mode: 0o600 });
  writeFileSync(knownHosts, `${name} ${machine.host_key.trim()}\n`, { mode: 0o600 });
  const options = {
    BatchMode: "yes",
    ConnectTimeout: "10",
    GlobalKnownHostsFile: "/dev/null",
    HostKeyAlias: name,
    IdentitiesOnly: "yes",
    IdentityAgent: "none",
    LogLevel: "ERROR",
    Port: String(machine.port),
    ServerAliveInterval: "5",
    StrictHostKeyChecking: "yes",
    User: machine.user,
    UserKnownHostsFile: `"${knownHosts}"`,
  };
  const listed = Object.entries(options).flatMap(([option, value]) => ["-o", `${option}=${value}`]);
  return ["-F", "none", "-i", key, ...listed, "--", machine.host];
}

function run(
  ssh: readonly string[],
  { command, input, signal, onLine }: RemoteCommand,
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn("ssh", [...ssh, ...command], { stdio: ["pipe", "pipe", "pipe"], signal, env });
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
    createInterface({ input: child.stdout }).on("line", onLine);
    child.on("error", (error) => {
      resolve(error.message);
    });
    child.on("close", (status) => {
      resolve(status === 0 ? undefined : (said.trim().split("\n").at(-1) ?? "") || `exit code ${status ?? "none"}`);
    });
    // A machine that refuses the login closes the pipe.
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
  });
}
