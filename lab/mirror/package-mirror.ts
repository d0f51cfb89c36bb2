import { copyFile, mkdir, readdir, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { ensureCommands } from "../tools/apt";
import { cached } from "../tools/cache";
import { CommandError, run } from "../tools/command";
import type { BaseImage } from "../machines/image";
import { hostArch } from "../tools/platform";
import { silent, type Progress } from "../tools/progress";
import { sha256OfText } from "../tools/sha256";
import { ToolError } from "../tools/tool-error";

/**
 * A Debian archive (`dists/`, `pool/`) with only what `packages` need on top of `image`. With so short an index, a
 * machine's `apt-get update` takes no time. Returns its directory.
 *
 * The packages come from the real archive through this host's apt, which checks the signatures; the copy is unsigned.
 */
export async function ensurePackageMirror(
  image: BaseImage,
  packages: readonly string[],
  progress: Progress = silent,
): Promise<string> {
  const wanted = [...new Set(packages)].sort();
  for (const name of wanted) {
    if (!/^[a-z0-9][a-z0-9+.-]+$/.test(name)) {
      throw new ToolError(`"${name}" is not a Debian package name.`, "Give names like chrony.");
    }
  }
  return cached(
    { name: "debian", version: `${image.key}-${sha256OfText(wanted.join(" ")).slice(0, 12)}` },
    async (work) => {
      await ensureCommands(["apt-ftparchive"], progress);
      progress(`Fetching ${wanted.join(", ")} for ${image.distribution.suite}`);
      const archives = path.join(work, "apt", "archives");
      await download(image, wanted, path.join(work, "apt"));
      const pool = path.join(work, "pool");
      await mkdir(pool);
      for (const file of await readdir(archives)) {
        // apt escapes the colon of an epoch in file names; in a URL that would have to be escaped once more.
        if (file.endsWith(".deb"))
          await copyFile(path.join(archives, file), path.join(pool, file.replaceAll("%3a", "_")));
      }
      await index(work, image.distribution.suite);
      await run(["rm", "-rf", path.join(work, "apt")]);
    },
    progress,
  );
}

/** Downloads with this host's apt, by the image's list of installed packages. */
async function download(image: BaseImage, packages: readonly string[], dir: string): Promise<void> {
  for (const sub of ["lists/partial", "archives/partial", "empty"])
    await mkdir(path.join(dir, sub), { recursive: true });
  const settings = [
    `Dir::State::status=${path.join(image.rootfs, "var/lib/dpkg/status")}`,
    `Dir::State::lists=${path.join(dir, "lists")}`,
    `Dir::State::extended_states=${path.join(dir, "extended_states")}`,
    `Dir::Cache=${dir}`,
    `Dir::Cache::archives=${path.join(dir, "archives")}`,
    `Dir::Etc::sourcelist=${image.archiveSources}`,
    `Dir::Etc::sourceparts=${path.join(dir, "empty")}`,
    `Dir::Etc::preferencesparts=${path.join(dir, "empty")}`,
    "Dir::Etc::preferences=/dev/null",
    `APT::Architecture=${hostArch()}`,
    `APT::Architectures=${hostArch()}`,
    "Acquire::Languages=none",
    // Otherwise apt downloads as the user _apt, who cannot write below a private cache directory.
    "APT::Sandbox::User=root",
    "Debug::NoLocking=true",
  ].flatMap((setting) => ["-o", setting]);
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  try {
    await run(["apt-get", ...settings, "-q", "update", "--error-on=any"], { env, nice: true });
    await run(["apt-get", ...settings, "-qy", "--download-only", "install", ...packages], { env, nice: true });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new ToolError(
      `apt-get could not fetch ${packages.join(", ")}: ${error.message}`,
      `Check the names, and that the ${image.distribution.name} archive can be reached.`,
      { cause: error },
    );
  }
}

async function index(root: string, suite: string): Promise<void> {
  const arch = hostArch();
  const binary = path.join(root, "dists", suite, "main", `binary-${arch}`);
  await mkdir(binary, { recursive: true });
  const contents = await run(["apt-ftparchive", "packages", "pool"], { cwd: root });
  await writeFile(path.join(binary, "Packages"), contents);
  // Made last, and written after apt-ftparchive has ended: it lists every file in the directory.
  const release = await run([
    "apt-ftparchive",
    "-o",
    `APT::FTPArchive::Release::Suite=${suite}`,
    "-o",
    `APT::FTPArchive::Release::Codename=${suite}`,
    "-o",
    `APT::FTPArchive::Release::Architectures=${arch}`,
    "-o",
    "APT::FTPArchive::Release::Components=main",
    "release",
    path.join(root, "dists", suite),
  ]);
  await writeFile(path.join(root, "dists", suite, "Release"), release);
}
