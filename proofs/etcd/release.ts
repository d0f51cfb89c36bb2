import { chmod, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import * as path from "node:path";
import {
  buildGoModules,
  cached,
  CommandError,
  CONNECT_TIMEOUT_S,
  hostArch,
  isUnreachable,
  knownUnreachable,
  type Progress,
  rememberUnreachable,
  run,
  sha256OfFile,
  silent,
  ToolError,
} from "terraform-lab";

/** Whether a release was downloaded or built. */
export type EtcdOrigin = "release" | "built";

/** An etcd release on this machine. */
export interface EtcdRelease {
  /** The archive, with etcd's own name and layout. */
  readonly tarball: string;
  /** Checksum of the archive: the published one of a release, or that of an archive built here. */
  readonly sha256: string;
  /** Directory with etcd, etcdctl and etcdutl. */
  readonly binDir: string;
  readonly origin: EtcdOrigin;
}

/** The release to get. */
export interface EtcdRequest {
  /** Without a "v", for example "3.6.14". */
  readonly version: string;
  /**
   * The published SHA-256 of the archive for this architecture; a download that differs is an error, not a reason to
   * build.
   * @default - unknown: the release is built, and Go checks its modules
   */
  readonly sha256?: string;
}

const PROGRAMS = [
  { name: "etcd", module: "go.etcd.io/etcd/server/v3" },
  { name: "etcdctl", module: "go.etcd.io/etcd/etcdctl/v3" },
  { name: "etcdutl", module: "go.etcd.io/etcd/etcdutl/v3" },
] as const;

const README = `Built from the etcd project's Go modules because its release archive could not be downloaded and checked.
The layout is that of the release; the documentation is left out.
`;

/** Gets an etcd release: a checked download if GitHub can be reached and the checksum is known, else a build. */
export async function ensureEtcd(request: EtcdRequest, progress: Progress = silent): Promise<EtcdRelease> {
  if (!/^\d+\.\d+\.\d+$/.test(request.version)) {
    throw new ToolError(`"${request.version}" is not an etcd version.`, 'Give one like "3.6.14".');
  }
  const layout = etcdLayout(request.version);
  const dir = await cached(
    { name: "etcd", version: `${request.version}-linux-${hostArch()}` },
    async (work) => {
      const origin: EtcdOrigin = (await download(request, layout, work, progress)) ? "release" : "built";
      if (origin === "built") await build(request.version, layout, work, progress);
      await writeFile(path.join(work, "origin"), origin);
      await writeFile(path.join(work, "sha256"), await sha256OfFile(path.join(work, layout.archive)));
    },
    progress,
  );
  return {
    tarball: path.join(dir, layout.archive),
    sha256: await readFile(path.join(dir, "sha256"), "utf8"),
    binDir: path.join(dir, layout.directory),
    origin: (await readFile(path.join(dir, "origin"), "utf8")) === "release" ? "release" : "built",
  };
}

interface EtcdLayout {
  /** Name of the directory in the archive. */
  readonly directory: string;
  readonly archive: string;
}

/** etcd's own names for a release's archive and for the directory in it. */
export function etcdLayout(version: string): EtcdLayout {
  const directory = `etcd-v${version}-linux-${hostArch()}`;
  return { directory, archive: `${directory}.tar.gz` };
}

async function download(request: EtcdRequest, layout: EtcdLayout, dir: string, progress: Progress): Promise<boolean> {
  if (request.sha256 === undefined) return false;
  const host = "github.com";
  if (await knownUnreachable(host)) return false;
  const url = `https://${host}/etcd-io/etcd/releases/download/v${request.version}/${layout.archive}`;
  const archive = path.join(dir, layout.archive);
  progress(`Downloading etcd ${request.version}`);
  try {
    // Also ends a stalled transfer: less than 10 kB/s for 20 s.
    const limits = ["--connect-timeout", String(CONNECT_TIMEOUT_S), "--speed-limit", "10000", "--speed-time", "20"];
    await run(["curl", "-sSfL", ...limits, "-o", archive, url]);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    if (isUnreachable(error)) await rememberUnreachable(host);
    progress(`GitHub cannot be reached from here (${lastLine(error.stderr)})`);
    await rm(archive, { force: true });
    return false;
  }
  const actual = await sha256OfFile(archive);
  if (actual !== request.sha256.toLowerCase()) {
    throw new ToolError(
      `The archive at ${url} has the SHA-256 ${actual}, not the published ${request.sha256}.`,
      "Something between here and GitHub alters downloads, or the given checksum is wrong; find out which before going on.",
    );
  }
  await run(["tar", "-xzf", archive, "-C", dir, "--no-same-owner"]);
  return true;
}

async function build(version: string, layout: EtcdLayout, dir: string, progress: Progress): Promise<void> {
  progress(`Building etcd ${version} from its Go modules (one to three minutes)`);
  const out = path.join(dir, "out");
  await buildGoModules(
    { require: PROGRAMS.map((program) => `${program.module}@v${version}`) },
    PROGRAMS.map((program) => ({ package: program.module, output: path.join(out, program.name) })),
    progress,
  );
  for (const program of PROGRAMS) await chmod(path.join(out, program.name), 0o755);
  await writeFile(path.join(out, "README.md"), README, { mode: 0o644 });
  await rename(out, path.join(dir, layout.directory));
  await packDeterministically(dir, layout);
}

/** Makes the same archive from the same files: names sorted, no times, no owners. */
async function packDeterministically(dir: string, layout: EtcdLayout): Promise<void> {
  const fixed = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner", "--mode=u=rwX,go=rX"];
  await mkdir(dir, { recursive: true });
  const archive = path.join(dir, layout.archive);
  const argv = ["tar", "-C", dir, "--format=ustar", ...fixed, "-I", "gzip -n", "-cf", archive, layout.directory];
  await run(argv, { nice: true });
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}
