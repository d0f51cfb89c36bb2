import * as path from "node:path";
import { ensureGoProgram } from "../lab/tools/go-program";
import type { Progress } from "../lab/tools/progress";

const SOURCES = path.join(__dirname, "..", "examples", "go-client");

/** The example of a client in Go, to be run as `go-client KEY VALUE`. Returns the program's path. */
export function ensureGoClient(progress?: Progress): Promise<string> {
  return ensureGoProgram({ name: "go-client", title: "the example of a client in Go", sources: SOURCES }, progress);
}
