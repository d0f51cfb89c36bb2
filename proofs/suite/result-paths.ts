import * as path from "node:path";

const DIRECTORY = path.resolve(__dirname, "..", "..", process.env.CDKTF_ETCD_TEST_RESULTS ?? "test-results");

/** Where a run of the tests leaves what it found; the next run begins with an empty one. */
export const RESULT_PATHS = {
  directory: DIRECTORY,
  /** Reports as most CI systems read them. */
  junit: path.join(DIRECTORY, "junit"),
  /** What deploys and waits took. */
  timings: path.join(DIRECTORY, "timings"),
  /** All that was printed. */
  logs: path.join(DIRECTORY, "logs"),
  /** Of stories that failed: what their machines, the API server and Terraform said. */
  evidence: path.join(DIRECTORY, "evidence"),
} as const;
