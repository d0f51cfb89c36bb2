import * as path from "node:path";
import { ensureGoProgram } from "./go-program";
import { silent, type Progress } from "./progress";

const SOURCES = path.join(__dirname, "..", "api", "conformance");

/** The program that tries every service of the lab's API server through godo; see lab/api/conformance. Returns its path. */
export function ensureConformance(progress: Progress = silent): Promise<string> {
  return ensureGoProgram({ name: "conformance", title: "the API server's check", sources: SOURCES }, progress);
}
