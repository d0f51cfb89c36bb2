import * as path from "node:path";
import { ensureGoProgram } from "../../../lab/tools/go-program";
import { type Progress } from "../../../lab/tools/progress";

const SOURCES = path.join(__dirname, "program");

/** The program that loads the paths; see its main.go. Returns its path. */
export function ensureProgram(progress: Progress): Promise<string> {
  return ensureGoProgram({ name: "sockets", title: "the program that loads the paths", sources: SOURCES }, progress);
}
