import * as path from "node:path";
import { ensureGoProgram } from "./go-program";
import { silent, type Progress } from "./progress";

const SOURCES = path.join(__dirname, "..", "workload");

/**
 * The recording clients of etcd and the checker of their histories; see lab/workload. Returns the program's path, to be
 * run as `workload run|dump|check`.
 */
export function ensureWorkload(progress: Progress = silent): Promise<string> {
  return ensureGoProgram({ name: "workload", title: "the lab's workload", sources: SOURCES }, progress);
}
