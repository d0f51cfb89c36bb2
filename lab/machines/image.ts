import { chmod, readFile, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { ensureCommands } from "../tools/apt";
import { cached } from "../tools/cache";
import { CommandError, run } from "../tools/command";
import {
  ARCHIVE_SOURCES,
  customizeScript,
  distributionOf,
  DPKG_EXCLUDES,
  IMAGE_PACKAGES,
  type Distribution,
} from "./image-recipe";
import { hostArch } from "../tools/platform";
import { silent, type Progress } from "../tools/progress";
import { sha256OfText } from "../tools/sha256";
import { ToolError } from "../tools/tool-error";

/** Whether an image is of the distribution that its slug says, or another in its place. */
export type ImageOrigin = "archive" | "stand-in";

/** A root file system to copy machines from. Never boot it or write to it. */
export interface BaseImage {
  /** The slug that was asked for. */
  readonly slug: string;
  /** The root directory. */
  readonly rootfs: string;
  /** The sources.list that it was built from. */
  readonly archiveSources: string;
  readonly distribution: Distribution;
  /** Changes whenever the contents may. */
  readonly key: string;
  readonly origin: ImageOrigin;
}

/** The image used if a slug's distribution is not available. */
const STAND_IN = "debian-13-x64";

/**
 * The root file system for a DigitalOcean image slug; built, in 35 s on an idle machine, if the cache has none.
 *
 * @param more packages to install besides those of a fresh droplet
 */
export async function ensureImage(
  slug: string,
  progress: Progress = silent,
  more: readonly string[] = [],
): Promise<BaseImage> {
  const distribution = distributionOf(slug);
  if (distribution === undefined) {
    throw new ToolError(
      `The lab has no image "${slug}".`,
      "Use debian-13-x64, debian-12-x64, ubuntu-24-04-x64 or ubuntu-22-04-x64.",
    );
  }
  if (distribution.name === "ubuntu" && !(await obtainable(distribution))) {
    progress(
      `${slug} cannot be built here (no Ubuntu keyring; the package ubuntu-keyring has it); ${STAND_IN} stands in`,
    );
    return { ...(await ensureImage(STAND_IN, progress, more)), slug, origin: "stand-in" };
  }

  const script = customizeScript(distribution);
  const args = mmdebstrapArgs(distribution, more);
  const key = `${slug}-${hostArch()}-${sha256OfText(JSON.stringify([args, script])).slice(0, 12)}`;
  const dir = await cached(
    { name: "image", version: key },
    async (work) => {
      ensureRoot();
      await ensureCommands(["mmdebstrap"], progress);
      progress(`Building the ${slug} image${more.length === 0 ? "" : ` with ${more.join(", ")}`} (about a minute)`);
      const hook = path.join(work, "customize.sh");
      await writeFile(hook, `#!/bin/sh\n${script}`);
      await chmod(hook, 0o755);
      try {
        // No mirror is given, because mmdebstrap knows each suite's archive.
        await run(["mmdebstrap", ...args, `--customize-hook=${hook}`, distribution.suite, path.join(work, "rootfs")], {
          nice: true,
        });
      } catch (error) {
        if (!(error instanceof CommandError)) throw error;
        throw new ToolError(
          `The ${slug} image could not be built: ${error.message}`,
          `Check that the ${distribution.name} archive can be reached and that there are 2 GB free in ${work}.`,
          { cause: error },
        );
      }
    },
    progress,
  );
  return {
    slug,
    rootfs: path.join(dir, "rootfs"),
    archiveSources: path.join(dir, ARCHIVE_SOURCES),
    distribution,
    key,
    origin: "archive",
  };
}

function mmdebstrapArgs(distribution: Distribution, more: readonly string[]): readonly string[] {
  return [
    "--quiet",
    "--mode=root",
    "--format=directory",
    "--variant=minbase",
    `--architectures=${hostArch()}`,
    `--components=${distribution.components.replaceAll(" ", ",")}`,
    `--include=${[...IMAGE_PACKAGES, ...more].join(",")}`,
    '--aptopt=Acquire::Languages "none"',
    ...DPKG_EXCLUDES.map((line) => `--dpkgopt=${line}`),
  ];
}

async function obtainable(distribution: Distribution): Promise<boolean> {
  try {
    await readFile(distribution.keyring);
    return true;
  } catch {
    return false;
  }
}

function ensureRoot(): void {
  if (process.getuid?.() !== 0) {
    throw new ToolError("Only root can build a machine image.", "Run the lab with sudo.");
  }
}
