import { buildGoTests } from "./go-build";
import { ensureBuilt } from "./go-program";
import { goSourcesOf } from "./go-sources";
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
  const sources = await goSourcesOf(tests.sources, true);
  return ensureBuilt(`${tests.name}-tests`, `the tests of ${tests.title}`, sources, buildGoTests, progress);
}
