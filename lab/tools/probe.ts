import * as path from "node:path";
import { cached } from "./cache";
import { buildGoSource } from "./go-build";
import { hostArch } from "./platform";
import { silent, type Progress } from "./progress";
import { sha256OfTree } from "./sha256";

const SOURCES = path.join(__dirname, "..", "probe");

/** The program that measures writes with etcd's own Go client; see lab/probe. Returns its path. */
export async function ensureProbe(progress: Progress = silent): Promise<string> {
  const hash = await sha256OfTree(SOURCES, (name) => /\.go$|^go\.(mod|sum)$/.test(name));
  const dir = await cached(
    { name: "probe", version: `${hash.slice(0, 12)}-linux-${hostArch()}` },
    async (work) => {
      progress("Building the lab's probe (about a minute)");
      await buildGoSource(SOURCES, { package: ".", output: path.join(work, "probe") }, progress);
    },
    progress,
  );
  return path.join(dir, "probe");
}
