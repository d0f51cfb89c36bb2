import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { attempt, inOwnNamespaces } from "terraform-lab";

const ROOT_VARIABLE = "CDKTF_ETCD_RIG_ROOT";
const PREFIX = "cdktf-etcd-rig-";
/** Locked while anything in there runs. Process numbers would not do, as runs may be in different process namespaces. */
const LOCK = "lock";

/** Prefix for a program, to run it in there. */
function enclosure(lock: string): string[] {
  // At high priority: this program injects faults and takes times.
  return ["nice", "-n", "-15", "flock", "--nonblock", "--no-fork", lock, ...inOwnNamespaces()];
}

/**
 * Runs `inside` in network, mount and process namespaces of its own, with a directory. For this, the current program is
 * started once more with the same arguments. When that process or this one ends, in any way, the kernel removes all
 * processes, devices and network namespaces in there; the directory is removed here, or by the next run if this one is
 * killed. Several can run side by side.
 *
 * In there, only the rig's own network exists: `prepare` runs before, outside, for downloads.
 */
export async function enclosed(prepare: () => Promise<void>, inside: (root: string) => Promise<void>): Promise<void> {
  const root = process.env[ROOT_VARIABLE];
  if (root !== undefined) return inside(path.join(root, "rig"));
  if (process.getuid?.() !== 0) {
    throw new Error(
      'The rig makes network namespaces, which only root may do. Run it as root: sudo -E env "PATH=$PATH" npm run ...',
    );
  }
  await prepare();
  await removeAbandoned();
  const own = await mkdtemp(path.join(tmpdir(), PREFIX));
  const [command, ...args] = [
    ...enclosure(path.join(own, LOCK)),
    process.execPath,
    ...process.execArgv,
    ...process.argv.slice(1),
  ];
  const child = spawn(command, args, { stdio: "inherit", env: { ...process.env, [ROOT_VARIABLE]: own } });
  // From a terminal both processes get Ctrl-C; this one stays to clean up. SIGTERM to this one kills the child too.
  const interrupted = (): void => undefined;
  const ended = (): void => {
    child.kill("SIGKILL");
  };
  process.on("SIGINT", interrupted).on("SIGTERM", ended).on("SIGHUP", ended);
  const [code, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
  await rm(own, { recursive: true, force: true, maxRetries: 5 });
  process.exitCode = code ?? (signal === "SIGINT" ? 130 : 1);
}

/** Removes directories of runs that were killed. */
async function removeAbandoned(): Promise<void> {
  for (const name of (await readdir(tmpdir())).filter((each) => each.startsWith(PREFIX))) {
    const dir = path.join(tmpdir(), name);
    const lock = path.join(dir, LOCK);
    // A directory without a lock is just being made.
    if (!existsSync(lock) || (await attempt(["flock", "--nonblock", lock, "true"])).status !== 0) continue;
    await rm(dir, { recursive: true, force: true, maxRetries: 5 });
  }
}
