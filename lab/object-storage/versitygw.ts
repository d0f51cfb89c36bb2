import * as path from "node:path";
import { cached } from "../tools/cache";
import { buildGoModules } from "../tools/go-build";
import { hostArch } from "../tools/platform";
import { silent, type Progress } from "../tools/progress";

/** versitygw: an S3 server that stores objects as files, in one program. */
const MODULE = "github.com/versity/versitygw";
const VERSION = "1.8.0";

/** Path of versitygw, the lab's S3 server; built once from its Go modules, in about two minutes. */
export async function ensureVersitygw(progress: Progress = silent): Promise<string> {
  const dir = await cached(
    { name: "versitygw", version: `${VERSION}-linux-${hostArch()}` },
    async (work) => {
      progress(`Building versitygw ${VERSION} from its Go modules (about two minutes)`);
      const program = { package: `${MODULE}/cmd/versitygw`, output: path.join(work, "versitygw") };
      await buildGoModules({ require: [`${program.package}@v${VERSION}`] }, [program], progress);
    },
    progress,
  );
  return path.join(dir, "versitygw");
}
