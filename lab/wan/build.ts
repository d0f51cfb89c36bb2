import * as path from "node:path";
import { ensureGoProgram } from "../tools/go-program";
import { goSourcesOf } from "../tools/go-sources";
import { silent, type Progress } from "../tools/progress";

/** The switch, built. */
export interface WanBinary {
  readonly path: string;
  /** Hash of its sources, which a running switch reports. */
  readonly build: string;
}

const SOURCES = path.join(__dirname, "switch");

/** Builds the switch if the cache has none. It uses only Go's standard library, so nothing is downloaded. */
export async function buildWan(progress: Progress = silent): Promise<WanBinary> {
  const { hash } = await goSourcesOf(SOURCES);
  const program = { name: "wan", title: "the switch of the lab's WAN", sources: SOURCES };
  return { path: await ensureGoProgram(program, progress), build: hash };
}
