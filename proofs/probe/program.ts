import { ensureGoProgram } from "../../lab/tools/go-program";
import { silent, type Progress } from "../../lab/tools/progress";

const SOURCES = __dirname;

/** The program that measures writes with etcd's own Go client; see proofs/probe. Returns its path. */
export function ensureProbe(progress: Progress = silent): Promise<string> {
  return ensureGoProgram({ name: "probe", title: "the lab's probe", sources: SOURCES }, progress);
}
