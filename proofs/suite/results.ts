import { existsSync, readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { XMLParser } from "fast-xml-parser";
import { PHASES, type Phase, type PhaseSeconds } from "../recording/phases";
import { resultNameOf, STORIES, titleOf } from "./stories";
import { readTimings, type DeployTiming, type TimingEntry } from "../recording/timings";

/** The results of a run of the suite. */
export interface Results {
  /** From the start of the first story to the end of the last; undefined if none has ended. */
  readonly wallSeconds?: number;
  /** Slowest first, as in the other lists. */
  readonly stories: readonly StoryResult[];
  readonly deploys: readonly DeployResult[];
  readonly tests: readonly TestResult[];
}

/** The result of a story; the unit tier counts as one. */
export interface StoryResult {
  readonly story: string;
  /** Whether its jest ended normally, with counted tests. */
  readonly ended: boolean;
  readonly seconds: number;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly deploys: number;
  /** Phases of all its deploys; "boot" includes waits for boots outside of deploys. */
  readonly phases: PhaseSeconds;
  readonly waits: number;
}

export interface DeployResult extends DeployTiming {
  readonly story: string;
}

export interface TestResult {
  readonly story: string;
  readonly test: string;
  readonly seconds: number;
  /** What it failed by: the error and its stack. */
  readonly failure?: string;
}

/** A report in JUnit's format, by jest-junit. */
interface JunitFile {
  readonly testsuites?: { readonly time?: string; readonly testsuite?: readonly JunitSuite[] };
}
interface JunitSuite {
  readonly tests: string;
  readonly failures: string;
  readonly errors: string;
  readonly skipped: string;
  /** In UTC, without a time zone. */
  readonly timestamp: string;
  readonly time: string;
  readonly testcase?: readonly JunitTest[];
}
interface JunitTest {
  readonly name: string;
  readonly time: string;
  /** More than one where a test and what runs after it have failed. */
  readonly failure?: readonly string[];
  /** Of a file that could not be run. */
  readonly error?: readonly string[];
}

const PARSER = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: "",
  parseAttributeValue: false,
  parseTagValue: false,
  // A failure's text may be long, and have more quotes than the parser takes from strangers.
  processEntities: { enabled: true, maxTotalExpansions: Infinity, maxExpandedLength: Infinity },
  isArray: (tag) => ["testsuite", "testcase", "failure", "error"].includes(tag),
});

/**
 * Reads a run's results from `junit/` and `timings/` in this directory.
 *
 * @param wallSeconds duration of the run, if known; otherwise computed from the stories' times
 */
export function readResults(directory: string, wallSeconds?: number): Results {
  const junit = readJunit(path.join(directory, "junit"));
  const timings = readTimings(path.join(directory, "timings"));
  const names = [...new Set([...junit.keys(), ...timings.keys()])];
  return {
    wallSeconds: wallSeconds ?? wallSecondsOf([...junit.values()]),
    stories: slowestFirst(names.map((name) => storyResult(name, junit.get(name), timings.get(name) ?? []))),
    deploys: slowestFirst(
      [...timings].flatMap(([name, entries]) =>
        entries.filter((entry) => entry.kind === "deploy").map((entry) => ({ ...entry, story: storyCalled(name) })),
      ),
    ),
    tests: slowestFirst(
      [...junit].flatMap(([name, file]) =>
        suitesOf(file)
          .flatMap(({ testcase }) => testcase ?? [])
          .map((test) => testResult(storyCalled(name), test)),
      ),
    ),
  };
}

function readJunit(directory: string): Map<string, JunitFile> {
  const files = existsSync(directory) ? readdirSync(directory).filter((file) => file.endsWith(".xml")) : [];
  return new Map(
    files.map((file) => {
      const parsed: unknown = PARSER.parse(readFileSync(path.join(directory, file)));
      return [path.basename(file, ".xml"), parsed as JunitFile];
    }),
  );
}

function suitesOf(file?: JunitFile): readonly JunitSuite[] {
  return file?.testsuites?.testsuite ?? [];
}

function testResult(story: string, { name, time, failure = [], error = [] }: JunitTest): TestResult {
  const failures = [...failure, ...error];
  return {
    story,
    test: name.trim(),
    seconds: Number(time),
    ...(failures.length === 0 ? {} : { failure: failures.join("\n\n") }),
  };
}

function storyResult(name: string, file: JunitFile | undefined, timings: readonly TimingEntry[]): StoryResult {
  const suites = suitesOf(file);
  const count = (key: "tests" | "failures" | "errors" | "skipped"): number =>
    suites.reduce((sum, suite) => sum + Number(suite[key]), 0);
  const failed = count("failures");
  const skipped = count("skipped");
  const deploys = timings.filter((entry) => entry.kind === "deploy");
  const phase = (one: Phase): number => total(deploys.map(({ phases }) => phases[one]));
  const phases = Object.fromEntries(PHASES.map((one) => [one, phase(one)])) as Record<Phase, number>;
  const seconds = (kind: TimingEntry["kind"]): number =>
    total(timings.filter((entry) => entry.kind === kind).map((entry) => entry.seconds));
  return {
    story: storyCalled(name),
    ended: suites.length > 0,
    seconds: suites.length > 0 ? Number(file?.testsuites?.time) : total(timings.map((entry) => entry.seconds)),
    passed: count("tests") - failed - skipped,
    // A file that could not be run has no tests, but an error.
    failed: failed + count("errors"),
    skipped,
    deploys: deploys.length,
    phases: { ...phases, boot: phases.boot + seconds("boot") },
    waits: seconds("wait"),
  };
}

/** A story's title by the name of its result files; the unit tier is not in the table of stories. */
function storyCalled(resultName: string): string {
  const story = STORIES.find((one) => resultNameOf(one) === resultName);
  return story === undefined ? resultName : titleOf(story);
}

function wallSecondsOf(files: readonly JunitFile[]): number | undefined {
  const suites = files.flatMap(suitesOf);
  if (suites.length === 0) return undefined;
  const begins = suites.map(({ timestamp }) => Date.parse(`${timestamp}Z`));
  const ends = suites.map(({ time }, i) => begins[i] + Number(time) * 1000);
  return (Math.max(...ends) - Math.min(...begins)) / 1000;
}

function slowestFirst<T extends { readonly seconds: number }>(rows: readonly T[]): T[] {
  return [...rows].sort((a, b) => b.seconds - a.seconds);
}

function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0);
}
