/** A reporter for jest that writes a line for each test, as it ends, to a file descriptor that the suite reads. */
import { writeSync } from "node:fs";
import type { Reporter, Test, TestCaseResult, TestResult } from "@jest/reporters";

/** The file descriptor that the suite reads. */
export const REPORT_FD = 3;

const MARKS: Readonly<Partial<Record<TestCaseResult["status"], string>>> = { passed: "ok", failed: "FAILED" };

export default class LineReporter implements Pick<Reporter, "onTestCaseResult" | "onTestResult"> {
  public onTestCaseResult(_test: Test, { status, title, duration }: TestCaseResult): void {
    say(`${MARKS[status] ?? "skipped"} ${title} (${((duration ?? 0) / 1000).toFixed(1)} s)`);
  }

  public onTestResult(_test: Test, { failureMessage }: TestResult): void {
    // Has all failures of the file, with their places.
    if (typeof failureMessage === "string") say(failureMessage);
  }
}

function say(text: string): void {
  writeSync(REPORT_FD, `${text}\n`);
}
