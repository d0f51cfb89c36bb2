import * as path from "node:path";
import { cached } from "../../tools/cache";
import { buildGoSource } from "../../tools/go-build";
import { hostArch } from "../../tools/platform";
import { type Progress } from "../../tools/progress";
import { sha256OfTree } from "../../tools/sha256";

const SOURCES = path.join(__dirname, "program");

/** The program that loads the paths; see its main.go. Returns its path. */
export async function ensureProgram(progress: Progress): Promise<string> {
  const hash = await sha256OfTree(SOURCES, (name) => /\.go$|^go\.(mod|sum)$/.test(name));
  const dir = await cached(
    { name: "sockets", version: `${hash.slice(0, 12)}-linux-${hostArch()}` },
    async (work) => {
      progress("Building the program that loads the paths (about a minute)");
      await buildGoSource(SOURCES, { package: ".", output: path.join(work, "sockets") }, progress);
    },
    progress,
  );
  return path.join(dir, "sockets");
}
