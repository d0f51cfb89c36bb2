import * as path from "node:path";
import { cached } from "./cache";
import { buildGoTests } from "./go-build";
import { goSourcesOf } from "./go-sources";
import { hostArch } from "./platform";
import { silent, type Progress } from "./progress";

/** The tests of a Go package of this repository. */
export interface GoTests {
  /** Name of the package; its tests are in the cache under this name with "-tests" appended. */
  readonly name: string;
  /** The package's name in progress lines, for example "the switch of the lab's WAN". */
  readonly title: string;
  /** Directory of the package, in any Go module. */
  readonly sources: string;
}

/** The path of the program that runs a package's tests, built if the cache has none of these sources. */
export async function ensureGoTests(tests: GoTests, progress: Progress = silent): Promise<string> {
  const name = `${tests.name}-tests`;
  const sources = await goSourcesOf(tests.sources, true);
  const dir = await cached(
    { name, version: `${sources.hash}-linux-${hostArch()}` },
    async (work) => {
      progress(`Building the tests of ${tests.title} (about a minute)`);
      await buildGoTests(sources, path.join(work, name), progress);
    },
    progress,
  );
  return path.join(dir, name);
}
