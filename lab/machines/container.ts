import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readlinkSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { attempt, type CommandResult } from "../tools/command";
import {
  isAlive,
  parseStat,
  processNumbers,
  procFile,
  recordOf,
  signal,
  type ProcessRecord,
} from "../tools/process-record";
import { waitUntil } from "../tools/wait";
import type { MachineGroups } from "./control-groups";
import { WAN_DEVICE } from "./firewall";
import type { MachineSpec } from "./machine-driver";
import { namespacePath, type MachineNames } from "./network";

/** SIGRTMIN+4: systemd powers the machine off, as after a press of the power button. */
const POWER_OFF_SIGNAL = 34 + 4;

/**
 * Keeps one machine running. Exit status 133 of systemd-nspawn means that the machine reboots and is to be started
 * again. On any other it has powered itself off; its device is then taken down, or the host's kernel would go on
 * answering pings for it.
 */
const KEEPER = `
control=$1 machine=$2 edge=$3
shift 3
for file in $control; do echo $$ > "$file"; done
while :; do
  sh -c 'for file in $0; do echo $$ > "$file"; done; exec "$@"' "$machine" "$@"
  [ $? -eq 133 ] || break
done
exec ip -n "$edge" link set ${WAN_DEVICE} down
`;

/** Boots a machine's disk in its namespaces; returns its keeper process. */
export function startContainer(
  spec: MachineSpec,
  root: string,
  names: MachineNames,
  groups: MachineGroups,
  logFile: string,
): ProcessRecord {
  mkdirSync(dirname(logFile), { recursive: true });
  const log = openSync(logFile, "a");
  try {
    const nspawn = [
      "systemd-nspawn",
      "--quiet",
      "--boot",
      "--settings=no",
      `--directory=${root}`,
      `--machine=${names.machine}`,
      `--hostname=${spec.name}`,
      `--network-namespace-path=${namespacePath(names.machine)}`,
      // A droplet may change its own routes and packet filter; the cloud's firewall is in another namespace.
      "--capability=CAP_NET_ADMIN",
      // So that the host needs neither systemd nor systemd-machined.
      "--register=no",
      "--keep-unit",
      "--console=read-only",
      "--resolv-conf=off",
      "--timezone=off",
      "--link-journal=no",
    ];
    const argv = [
      "-c",
      KEEPER,
      names.machine,
      groups.controlProcs().join(" "),
      groups.machineProcs().join(" "),
      names.edge,
    ];
    const child = spawn("/bin/sh", [...argv, ...nspawn], {
      // In a session of its own, so that the machine outlives the process that started it.
      detached: true,
      stdio: ["ignore", log, log],
      cwd: "/",
      env: {
        PATH: process.env.PATH,
        LANG: "C.UTF-8",
        SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: "1",
        // A machine may tune its own network; the rest of /proc/sys is this host's.
        SYSTEMD_NSPAWN_API_VFS_WRITABLE: "network",
      },
    });
    child.unref();
    const record = child.pid === undefined ? undefined : recordOf(child.pid);
    if (!record) {
      throw new Error(`${names.machine} did not start; see ${logFile}`);
    }
    return record;
  } finally {
    closeSync(log);
  }
}

/** The machine's init, undefined until it runs. */
export function initOf(keeper: ProcessRecord | undefined): ProcessRecord | undefined {
  if (!isAlive(keeper)) {
    return undefined;
  }
  for (const nspawn of childrenOf(keeper.pid)) {
    for (const pid of childrenOf(nspawn)) {
      const isInit = /^NSpid:\s+\d+(\s+\d+)*\s+1$/m.test(procFile(pid, "status"));
      // Before it executes the machine's systemd it is still systemd-nspawn's own process.
      if (isInit && /^(systemd|init)$/.test(procFile(pid, "comm").trim())) {
        return recordOf(pid);
      }
    }
  }
  return undefined;
}

export async function waitForInit(keeper: ProcessRecord, timeoutMs = 30_000): Promise<boolean> {
  await waitUntil(() => initOf(keeper) !== undefined || !isAlive(keeper), timeoutMs);
  return initOf(keeper) !== undefined;
}

/** Presses the power button and waits for the machine's end; false if it did not power off in time. */
export async function pressPowerButton(keeper: ProcessRecord, timeoutMs: number): Promise<boolean> {
  const ended = (): boolean => !isAlive(keeper);
  // An init that has only just started does not handle its signals yet.
  let pressed: ProcessRecord | undefined;
  return waitUntil(
    () => {
      const init = initOf(keeper);
      if (init && init.startTime !== pressed?.startTime && listensTo(init.pid, POWER_OFF_SIGNAL)) {
        signal(init, POWER_OFF_SIGNAL);
        pressed = init;
      }
      return ended();
    },
    timeoutMs,
    50,
  );
}

/** Whether a process catches a signal or blocks it: systemd blocks signals and reads them from a signalfd. */
function listensTo(pid: number, number: number): boolean {
  const status = procFile(pid, "status");
  return ["SigBlk", "SigCgt"].some((field) => {
    const mask = new RegExp(`^${field}:\\s+([0-9a-f]+)$`, "m").exec(status)?.[1];
    return mask !== undefined && ((BigInt(`0x${mask}`) >> BigInt(number - 1)) & 1n) === 1n;
  });
}

export interface ExecOptions {
  readonly stdin?: string | Buffer;
  readonly env?: Readonly<Record<string, string>>;
  /** Hands this process's terminal to the command; its output is not collected then. */
  readonly tty?: boolean;
  readonly timeoutMs?: number;
}

/** Runs a command in a machine, as root's login shell would find it. */
export async function execInContainer(
  init: ProcessRecord,
  groups: MachineGroups,
  argv: readonly string[],
  options: ExecOptions = {},
): Promise<CommandResult> {
  const env: Record<string, string> = {
    PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    HOME: "/root",
    USER: "root",
    LOGNAME: "root",
    SHELL: "/bin/bash",
    LANG: "C.UTF-8",
    TERM: process.env.TERM ?? "dumb",
    ...options.env,
  };
  // Joins the machine's control group first, so that it ends with the machine.
  const join = 'for file in $0; do echo $$ > "$file"; done; exec nsenter "$@"';
  const namespaces = ["--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--root", "--wd"];
  // A shell waits for the command, and not nsenter: on shutdown a machine sends SIGSTOP to all its processes; nsenter
  // would then stop itself for good without reaping the command, and the machine's end would wait for that.
  const target = [`--target=${init.pid}`, ...namespaces, "--no-fork", "--", "/bin/sh", "-c", '"$@"; exit $?', "sh"];
  // The environment is set inside the machine: nsenter is found by the host's PATH, which the machine must not get.
  const inside = ["/usr/bin/env", "-i", ...Object.entries(env).map(([key, value]) => `${key}=${value}`)];
  const cd = ["/bin/sh", "-c", 'cd "$HOME" 2>/dev/null; exec "$@"', "sh"];
  const command = ["/bin/sh", "-c", join, groups.controlProcs().join(" "), ...target, ...inside, ...cd, ...argv];
  return attempt(command, { input: options.stdin, tty: options.tty, timeoutMs: options.timeoutMs });
}

/** Removes what systemd-nspawn leaves in /run when it is killed. */
export function removeNspawnLeftovers(name: string): void {
  for (const kind of ["propagate", "unix-export"]) {
    rmSync(`/run/systemd/nspawn/${kind}/${name}`, { recursive: true, force: true });
  }
}

/**
 * Keepers and their systemd-nspawn, found by their arguments, so that those without a record or a control group are
 * found too. Processes in other process namespaces belong to other labs and are left out.
 */
export function findKeepers(prefix: string): { readonly pid: number; readonly id: number }[] {
  const pattern = new RegExp(`^--machine=${prefix}-(\\d+)$`);
  const here = processNamespace("self");
  return processNumbers().flatMap((pid) => {
    const ids = procFile(pid, "cmdline")
      .split("\0")
      .flatMap((word) => pattern.exec(word)?.[1] ?? []);
    return ids.length > 0 && processNamespace(pid) === here ? ids.map((id) => ({ pid, id: Number(id) })) : [];
  });
}

function processNamespace(pid: number | "self"): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    // The process has ended.
    return undefined;
  }
}

function childrenOf(parent: number): number[] {
  return processNumbers().filter((pid) => {
    const stat = procFile(pid, "stat");
    return stat !== "" && parseStat(stat).parent === parent;
  });
}
