import * as path from "node:path";

const DIRECTORY = path.resolve(__dirname, "..", "..", process.env.CDKTF_ETCD_TEST_RESULTS ?? "test-results");

/** Where a run of the tests puts its results. The next run empties the directory first. */
export const RESULT_PATHS = {
  directory: DIRECTORY,
  /** Reports in JUnit's format, for CI systems. */
  junit: path.join(DIRECTORY, "junit"),
  /** Durations of deploys and waits. */
  timings: path.join(DIRECTORY, "timings"),
  /** Output of stories. */
  logs: path.join(DIRECTORY, "logs"),
  /** Logs of failed stories' machines, API server and Terraform. */
  evidence: path.join(DIRECTORY, "evidence"),
} as const;
