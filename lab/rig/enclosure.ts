import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { readJson } from "../wan/files";
import { isAlive, recordOf, type ProcessRecord } from "../wan/process-record";

const ROOT_VARIABLE = "CDKTF_ETCD_RIG_ROOT";
const PREFIX = "cdktf-etcd-rig-";
const OWNER = "owner.json";

/** Namespaces of its own, with loopback and a /run for the names of network namespaces; then the program. */
const ENCLOSE = [
  ...["setpriv", "--pdeathsig", "KILL"],
  ...["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"],
  ...["sh", "-c", 'mount -t tmpfs tmpfs /run && ip link set lo up && exec "$@"', "sh"],
];

/**
 * Runs `inside` in network, mount and process namespaces of its own and hands it a directory. This program is started once more for it, with
 * the same arguments. When that ends, in whatever way, or when this process does, the kernel removes every process, device and network
 * namespace in there; the directory is removed here, or by the next run if this one is killed. Several can run side by side.
 *
 * There is no network but the rig's own in there: `prepare` runs before, outside, and gets what has to be downloaded.
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
  await writeFile(path.join(own, OWNER), JSON.stringify(recordOf(process.pid)));
  const [command, ...args] = [...ENCLOSE, process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const child = spawn(command, args, { stdio: "inherit", env: { ...process.env, [ROOT_VARIABLE]: own } });
  // From a terminal both get Ctrl-C; this one stays to clean up. A plain kill ends the child too.
  const interrupted = (): void => undefined;
  const ended = (): void => {
    child.kill("SIGKILL");
  };
  process.on("SIGINT", interrupted).on("SIGTERM", ended).on("SIGHUP", ended);
  const [code, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
  await rm(own, { recursive: true, force: true, maxRetries: 5 });
  process.exitCode = code ?? (signal === "SIGINT" ? 130 : 1);
}

/** Directories whose owner was killed. */
async function removeAbandoned(): Promise<void> {
  for (const name of (await readdir(tmpdir())).filter((each) => each.startsWith(PREFIX))) {
    const dir = path.join(tmpdir(), name);
    const owner = readJson(path.join(dir, OWNER)) as ProcessRecord | undefined;
    // Without a record it may be one that is just being made.
    if (owner !== undefined && !isAlive(owner)) await rm(dir, { recursive: true, force: true, maxRetries: 5 });
  }
}
