import { failures, NOT_MEANT, verdict, type Results } from "../../../proofs/cdktn/verdict";

const test = (fullName: string, status: string) => ({ fullName, status });
const NOTHING: Results = {
  numPassedTests: 2,
  numFailedTests: 0,
  numTotalTests: 2,
  numTotalTestSuites: 1,
  numRuntimeErrorTestSuites: 0,
  testResults: [
    {
      name: "/copy/__tests__/a.test.ts",
      message: "",
      assertionResults: [test("a b", "passed"), test("a c", "passed")],
    },
  ],
};
const MUCH: Results = {
  numPassedTests: 1,
  numFailedTests: 2,
  numTotalTests: 4,
  numTotalTestSuites: 2,
  numRuntimeErrorTestSuites: 1,
  testResults: [
    {
      name: "/copy/__tests__/a.test.ts",
      message: "all that failed",
      assertionResults: [
        test("a b", "passed"),
        test("a c/../d", "failed"),
        test("a e", "pending"),
        test(NOT_MEANT[0], "failed"),
      ],
    },
    { name: "/copy/__tests__/b.test.ts", message: "Cannot find module", assertionResults: [] },
  ],
};

describe("what comes of the unit tests under cdktn", () => {
  it("is said in a sentence", () => {
    expect(verdict("cdktn 1.2.3", NOTHING)).toBe(
      "With cdktn 1.2.3 in cdktf's place 2 of 2 unit tests passed (failed: 0, not meant to pass: 0, skipped: 0, files that could not be run: 0 of 1).",
    );
    expect(verdict("cdktn 1.2.3", MUCH)).toBe(
      "With cdktn 1.2.3 in cdktf's place 1 of 4 unit tests passed (failed: 1, not meant to pass: 1, skipped: 1, files that could not be run: 1 of 2).",
    );
  });

  it("names each test that failed, and each file that could not be run, with the reason", () => {
    expect(failures("/copy", NOTHING)).toEqual([]);
    expect(failures("/copy", MUCH)).toEqual([
      "__tests__/a.test.ts: a c/../d",
      "__tests__/b.test.ts: Cannot find module",
    ]);
  });

  it("has it noticed when a test passes that was not meant to", () => {
    const [file] = NOTHING.testResults;
    const passing = { ...NOTHING, testResults: [{ ...file, assertionResults: [test(NOT_MEANT[1], "passed")] }] };
    expect(failures("/copy", passing)).toEqual([`__tests__/a.test.ts: ${NOT_MEANT[1]}: passes, and is in NOT_MEANT`]);
  });
});
