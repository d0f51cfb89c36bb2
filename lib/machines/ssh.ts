import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { createInterface } from "node:readline";
import type { Login, Machine } from "./machines";

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
    return await work((remote) => run(sshArguments(directory, remote.name, remote.machine), asRoot(remote), env));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The same command with root's rights. */
function asRoot(remote: RemoteCommand): RemoteCommand {
  return remote.machine.user === "root" ? remote : { ...remote, command: ["sudo", "-n", "--", ...remote.command] };
}

/**
 * The system's ssh, with the key of the deploy, pinned to the machine's host keys, and with nothing of the user's own configuration.
 */
function sshArguments(directory: string, name: string, machine: Machine): string[] {
  const { bastion } = machine;
  const through =
    bastion === undefined
      ? []
      : ["ssh", ...loginArguments(directory, `bastion-of-${name}`, bastion, ["-W", "%h:%p"]), bastion.host];
  const proxy = through.length === 0 ? [] : ["-o", `ProxyCommand=${through.map(shellQuoted).join(" ")}`];
  return [...loginArguments(directory, name, machine, proxy), "--", machine.host];
}

function loginArguments(directory: string, name: string, login: Login, more: readonly string[]): string[] {
  const { host_key, host_keys = [host_key] } = login;
  const knownHosts = path.join(directory, `${name}.known_hosts`);
  writeFileSync(knownHosts, host_keys.map((key) => `${name} ${key.trim()}\n`).join(""), { mode: 0o600 });
  const options = {
    BatchMode: "yes",
    ConnectTimeout: "10",
    GlobalKnownHostsFile: "/dev/null",
    HostKeyAlias: name,
    ...keyOptions(directory, name, login),
    LogLevel: "ERROR",
    Port: String(login.port),
    ServerAliveInterval: "5",
    // What is not pinned, because the code says so, is taken as it is.
    StrictHostKeyChecking: host_keys.some((key) => key !== "") ? "yes" : "no",
    User: login.user,
    UserKnownHostsFile: `"${knownHosts}"`,
  };
  const listed = Object.entries(options).flatMap(([option, value]) => ["-o", `${option}=${value}`]);
  return ["-F", "none", ...listed, ...more];
}

function keyOptions(directory: string, name: string, { private_key, private_key_file, agent }: Login) {
  if (agent === true) return {};
  const own = path.join(directory, `${name}.key`);
  if (private_key !== undefined) writeFileSync(own, private_key, { mode: 0o600 });
  // ssh itself knows what "~" is.
  const file = private_key === undefined && private_key_file !== undefined ? private_key_file : own;
  return { IdentitiesOnly: "yes", IdentityAgent: "none", IdentityFile: `"${file}"` };
}

function shellQuoted(word: string): string {
  // %h and %p are for the outer ssh to fill in.
  return `'${word.replace(/'/g, "'\\''")}'`;
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
