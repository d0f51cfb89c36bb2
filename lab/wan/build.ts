import * as path from "node:path";
import { ensureGoProgram } from "../tools/go-program";
import { goSourcesOf } from "../tools/go-sources";
import { silent, type Progress } from "../tools/progress";

/** The switch, built. */
export interface WanBinary {
  readonly path: string;
  /** Hash of the sources that it was built from; a running switch reports its own. */
  readonly build: string;
}

const SOURCES = path.join(__dirname, "switch");

/** Builds the switch if need be. It uses the standard library only, so nothing is fetched. */
export async function buildWan(progress: Progress = silent): Promise<WanBinary> {
  const { hash } = await goSourcesOf(SOURCES);
  const program = { name: "wan", title: "the switch of the lab's WAN", sources: SOURCES };
  return { path: await ensureGoProgram(program, progress), build: hash };
}
