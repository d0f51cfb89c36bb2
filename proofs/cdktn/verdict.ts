import * as path from "node:path";

/** What is read of jest's report (`--json`). */
export interface Results {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numTotalTests: number;
  readonly numTotalTestSuites: number;
  readonly numRuntimeErrorTestSuites: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

/** The tests that failed, by their files as seen from `root`, and the files that could not be run at all, with the reason. */
export function failures(root: string, { testResults }: Results): string[] {
  return testResults.flatMap(({ name, message, assertionResults }) => {
    const file = path.relative(root, name);
    if (assertionResults.length === 0) return message === "" ? [] : [`${file}: ${message}`];
    return assertionResults.filter(({ status }) => status === "failed").map(({ fullName }) => `${file}: ${fullName}`);
  });
}

/** What came of the run, in a sentence. */
export function verdict(installed: string, results: Results): string {
  const { numPassedTests, numFailedTests, numTotalTests, numTotalTestSuites, numRuntimeErrorTestSuites } = results;
  const skipped = numTotalTests - numPassedTests - numFailedTests;
  const rest = `failed: ${numFailedTests}, skipped: ${skipped}, files that could not be run: ${numRuntimeErrorTestSuites} of ${numTotalTestSuites}`;
  return `With ${installed} in cdktf's place ${numPassedTests} of ${numTotalTests} unit tests passed (${rest}).`;
}
