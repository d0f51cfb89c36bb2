import * as path from "node:path";
import { ensureGoProgram } from "../../tools/go-program";
import { silent, type Progress } from "../../tools/progress";

const CONFORMANCE = {
  name: "conformance",
  title: "the API server's check",
  sources: path.join(__dirname, "conformance"),
};

/** Builds the program that tries every service of the lab's API server through godo, if need be; returns its path. */
export function ensureConformance(progress: Progress = silent): Promise<string> {
  return ensureGoProgram(CONFORMANCE, progress);
}
