import * as path from "node:path";
import { cached } from "./cache";
import { buildGoSources } from "./go-build";
import { goSourcesOf, type GoSources } from "./go-sources";
import { hostArch } from "./platform";
import { silent, type Progress } from "./progress";

/** A Go program of this repository. */
export interface OwnGoProgram {
  /** Name of the program's file and of its cache entry. */
  readonly name: string;
  /** Its name in progress lines, for example "the switch of the lab's WAN". */
  readonly title: string;
  /** Directory of its main package, in any Go module. */
  readonly sources: string;
}

/** The path of a program, built if the cache has none of these sources. */
export async function ensureGoProgram(program: OwnGoProgram, progress: Progress = silent): Promise<string> {
  return ensureBuilt(program.name, program.title, await goSourcesOf(program.sources), buildGoSources, progress);
}

/**
 * The path of what is built of these sources, built if the cache has none.
 *
 * @param name of the file and of its cache entry
 * @param title its name in progress lines
 */
export async function ensureBuilt(
  name: string,
  title: string,
  sources: GoSources,
  build: typeof buildGoSources,
  progress: Progress,
): Promise<string> {
  const dir = await cached(
    { name, version: `${sources.hash}-linux-${hostArch()}` },
    async (work) => {
      progress(`Building ${title} (about a minute)`);
      await build(sources, path.join(work, name), progress);
    },
    progress,
  );
  return path.join(dir, name);
}
