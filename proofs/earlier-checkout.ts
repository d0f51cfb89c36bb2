import { rm } from "node:fs/promises";
import * as path from "node:path";
import { attempt, cached, type Progress, run, silent, ToolError } from "terraform-lab";

const PROJECT = path.join(__dirname, "..");

/**
 * A directory with this project at an earlier commit, with that commit's dependencies installed. Cached.
 *
 * @throws ToolError if this clone has no such commit
 */
export async function ensureEarlierCheckout(commit: string, progress: Progress = silent): Promise<string> {
  const found = await attempt(["git", "rev-parse", "--verify", "--quiet", `${commit}^{commit}`], { cwd: PROJECT });
  if (found.status !== 0) {
    throw new ToolError(
      `This clone has no commit ${commit}, whose clusters are to be updated.`,
      "If it is a shallow one: git fetch --unshallow.",
    );
  }
  const full = found.stdout.trim();
  return cached(
    { name: "checkout", version: full },
    async (work) => {
      progress(`Installing this project as of ${full.slice(0, 7)}`);
      const archive = path.join(work, "archive.tar");
      await run(["git", "archive", `--output=${archive}`, full], { cwd: PROJECT });
      await run(["tar", "-xf", archive, "-C", work]);
      await rm(archive);
      // None of the packages that are used needs its install scripts.
      await run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: work });
    },
    progress,
  );
}
