import { ensureGoProgram } from "../../lab/tools/go-program";
import { silent, type Progress } from "../../lab/tools/progress";

const SOURCES = __dirname;

/**
 * The recording clients of etcd and the checker of their histories; see proofs/workload. Returns the program's path, to be
 * run as `workload run|dump|check`.
 */
export function ensureWorkload(progress: Progress = silent): Promise<string> {
  return ensureGoProgram({ name: "workload", title: "the lab's workload", sources: SOURCES }, progress);
}
