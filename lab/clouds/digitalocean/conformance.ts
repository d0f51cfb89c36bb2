import * as path from "node:path";
import { ensureGoProgram } from "../../tools/go-program";
import { silent, type Progress } from "../../tools/progress";

const SOURCES = path.join(__dirname, "conformance");

/** The program that tries every service of the lab's API server through godo; see lab/clouds/digitalocean/conformance. Returns its path. */
export function ensureConformance(progress: Progress = silent): Promise<string> {
  return ensureGoProgram({ name: "conformance", title: "the API server's check", sources: SOURCES }, progress);
}
