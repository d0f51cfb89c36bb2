import * as path from "node:path";
import { ensureGoProgram } from "../../tools/go-program";
import { type Progress } from "../../tools/progress";

const SOURCES = path.join(__dirname, "program");

/** The program that loads the paths; see its main.go. Returns its path. */
export function ensureProgram(progress: Progress): Promise<string> {
  return ensureGoProgram({ name: "sockets", title: "the program that loads the paths", sources: SOURCES }, progress);
}
