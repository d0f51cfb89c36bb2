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

/**
 * Tests that cannot pass under cdktn, by their whole names. jsii, which the library would be published to other languages
 * with, knows a module by the name in its own package.json, and what lies in cdktf's place is called cdktn there. An
 * application in TypeScript has nothing to do with it.
 */
export const NOT_MEANT: readonly string[] = [
  "the public API keeps the rules of jsii, down to the words that other languages reserve",
  "the public API is the same for other languages as for TypeScript, but for the class of its errors",
];

/**
 * The tests that failed, by their files as seen from `root`, and the files that could not be run at all, with the reason.
 * One of {@link NOT_MEANT} that passes is among them: there it is to be taken out.
 */
export function failures(root: string, { testResults }: Results): string[] {
  return testResults.flatMap(({ name, message, assertionResults }) => {
    const file = path.relative(root, name);
    if (assertionResults.length === 0) return message === "" ? [] : [`${file}: ${message}`];
    return assertionResults.flatMap(({ status, fullName }) => {
      const notMeant = NOT_MEANT.includes(fullName);
      if (status === "failed" && !notMeant) return [`${file}: ${fullName}`];
      return status === "passed" && notMeant ? [`${file}: ${fullName}: passes, and is in NOT_MEANT`] : [];
    });
  });
}

/** What came of the run, in a sentence. */
export function verdict(installed: string, results: Results): string {
  const { numPassedTests, numFailedTests, numTotalTests, numTotalTestSuites, numRuntimeErrorTestSuites } = results;
  const tests = results.testResults.flatMap(({ assertionResults }) => assertionResults);
  const notMeant = tests.filter(({ status, fullName }) => status === "failed" && NOT_MEANT.includes(fullName)).length;
  const rest = [
    `failed: ${numFailedTests - notMeant}`,
    `not meant to pass: ${notMeant}`,
    `skipped: ${numTotalTests - numPassedTests - numFailedTests}`,
    `files that could not be run: ${numRuntimeErrorTestSuites} of ${numTotalTestSuites}`,
  ].join(", ");
  return `With ${installed} in cdktf's place ${numPassedTests} of ${numTotalTests} unit tests passed (${rest}).`;
}
