import * as path from "node:path";
import { ensureGoProgram } from "../../tools/go-program";
import { silent, type Progress } from "../../tools/progress";

const CONFORMANCE = {
  name: "conformance",
  title: "the API server's check",
  sources: path.join(__dirname, "conformance"),
};

/** The path of the program that tests the lab's API server through godo; built if the cache has none. */
export function ensureConformance(progress: Progress = silent): Promise<string> {
  return ensureGoProgram(CONFORMANCE, progress);
}
