import * as path from "node:path";
import { cached } from "./cache";
import { buildGoSource } from "./go-build";
import { hostArch } from "./platform";
import { silent, type Progress } from "./progress";
import { sha256OfTree } from "./sha256";

const SOURCES = path.join(__dirname, "..", "workload");

/**
 * The recording clients of etcd and the checker of their histories; see lab/workload. Returns the program's path, to be
 * run as `workload run|dump|check`.
 */
export async function ensureWorkload(progress: Progress = silent): Promise<string> {
  const hash = await sha256OfTree(SOURCES, (name) => /\.go$|^go\.(mod|sum)$/.test(name) && !name.endsWith("_test.go"));
  const dir = await cached(
    { name: "workload", version: `${hash.slice(0, 12)}-linux-${hostArch()}` },
    async (work) => {
      progress("Building the lab's workload (about a minute)");
      await buildGoSource(SOURCES, { package: ".", output: path.join(work, "workload") }, progress);
    },
    progress,
  );
  return path.join(dir, "workload");
}
