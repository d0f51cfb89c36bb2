import * as path from "node:path";
import { ensureGoProgram } from "./go-program";
import { silent, type Progress } from "./progress";

const SOURCES = path.join(__dirname, "..", "probe");

/** The program that measures writes with etcd's own Go client; see lab/probe. Returns its path. */
export function ensureProbe(progress: Progress = silent): Promise<string> {
  return ensureGoProgram({ name: "probe", title: "the lab's probe", sources: SOURCES }, progress);
}
