import * as path from "node:path";
import { ensureGoProgram, type GoTests, type OwnGoProgram, type Progress } from "terraform-lab";

const WORKLOAD = { name: "workload", title: "the workload", sources: path.join(__dirname, "workload") };
const PROBE = { name: "probe", title: "the probe", sources: path.join(__dirname, "probe") };
const PERMISSIONS = {
  name: "permissions",
  title: "the program that tries each call of etcd's",
  sources: path.join(__dirname, "permissions"),
};
const SOCKETS = {
  name: "sockets",
  title: "the program that loads the paths",
  sources: path.join(__dirname, "bench", "sockets", "program"),
};
const GO_CLIENT = {
  name: "go-client",
  title: "the example of a client in Go",
  sources: path.join(__dirname, "..", "examples", "go-client"),
};

/**
 * The program of the clients that record their operations, and of the checker of these records, to be run as `workload
 * run|dump|observe|check`. This and the following functions build the program if the cache has none, and return its path.
 */
export const ensureWorkload = builderOf(WORKLOAD);

/** The program that times calls with etcd's Go client. */
export const ensureProbe = builderOf(PROBE);

/** The program that tries each call of etcd's API as one client. */
export const ensurePermissions = builderOf(PERMISSIONS);

/** The program that loads and measures the paths between members. */
export const ensureSockets = builderOf(SOCKETS);

/** The example client in Go, to be run as `go-client KEY VALUE`. */
export const ensureGoClient = builderOf(GO_CLIENT);

/** The Go packages of proofs/ that have tests. */
export const PROOFS_GO_TESTS = { workload: WORKLOAD } satisfies Readonly<Record<string, GoTests>>;

function builderOf(program: OwnGoProgram): (progress?: Progress) => Promise<string> {
  return (progress) => ensureGoProgram(program, progress);
}
