import * as path from "node:path";
import { cached } from "./cache";
import { buildGoSource } from "./go-build";
import { hostArch } from "./platform";
import { silent, type Progress } from "./progress";
import { sha256OfTree } from "./sha256";

const SOURCES = path.join(__dirname, "..", "..", "examples", "go-client");

/** The example of a client in Go, to be run as `go-client KEY VALUE`. Returns the program's path. */
export async function ensureGoClient(progress: Progress = silent): Promise<string> {
  const hash = await sha256OfTree(SOURCES, (name) => /\.go$|^go\.(mod|sum)$/.test(name));
  const dir = await cached(
    { name: "go-client", version: `${hash.slice(0, 12)}-linux-${hostArch()}` },
    async (work) => {
      progress("Building the example of a client in Go (about a minute)");
      await buildGoSource(SOURCES, { package: ".", output: path.join(work, "go-client") }, progress);
    },
    progress,
  );
  return path.join(dir, "go-client");
}
