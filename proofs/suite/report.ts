/** `npx tsx proofs/suite/report.ts [directory] [--json]`: how the last run of the tests spent its time. */
import { existsSync } from "node:fs";
import * as path from "node:path";
import { parseArgs } from "node:util";
import { textTable, type Column } from "../../lib/cli/text-table";
import { PHASES, totalSeconds, type Phase, type PhaseSeconds } from "../recording/phases";
import { RESULT_PATHS } from "./result-paths";
import { readResults, type DeployResult, type Results, type StoryResult, type TestResult } from "./results";

const SHOWN = 10;

/** Lines of a failure that are shown again at the end; the others are above, and in the story's log. */
const LINES_OF_FAILURE = 30;

export type TestCounts = Pick<StoryResult, "passed" | "failed" | "skipped">;

/**
 * Tables of a run's results in this directory.
 *
 * @param wallSeconds duration of the run, if known; otherwise computed from the stories' times
 */
export function renderReport(directory: string, wallSeconds?: number): string {
  const results = readResults(directory, wallSeconds);
  const { stories, deploys, tests } = results;
  return [
    section("Stories", storyTable(stories)),
    deploys.length === 0 ? "" : section("The slowest deploys", deployTable(deploys.slice(0, SHOWN))),
    section("The slowest tests", testTable(tests.slice(0, SHOWN))),
    failureTexts(tests),
    totals(results),
  ]
    .filter((text) => text !== "")
    .join("\n\n");
}

/** The numbers of a run's tests that passed, failed and were skipped. */
export function countTests(directory: string): TestCounts {
  return countsOf(readResults(directory).stories);
}

function countsOf(stories: readonly StoryResult[]): TestCounts {
  const sum = (key: keyof TestCounts): number => stories.reduce((all, story) => all + story[key], 0);
  return { passed: sum("passed"), failed: sum("failed"), skipped: sum("skipped") };
}

function section(title: string, table: string): string {
  return `${title}\n\n${table}`;
}

function storyTable(stories: readonly StoryResult[]): string {
  const columns = [
    { title: "story" },
    ...numbers("seconds", "passed", "failed", "skipped", "deploys"),
    ...phaseColumns(),
  ];
  const rows = stories.map((one) => [
    one.ended ? one.story : `${one.story} (did not end)`,
    rounded(one.seconds),
    ...(one.ended ? [one.passed, one.failed, one.skipped].map(String) : ["?", "?", "?"]),
    one.deploys === 0 ? "" : String(one.deploys),
    ...phaseCells(one.phases, rounded),
    rounded(one.waits),
  ]);
  return textTable([...columns, ...numbers("waits")], rows);
}

function deployTable(deploys: readonly DeployResult[]): string {
  const columns = [
    ...numbers("seconds"),
    ...phaseColumns(),
    { title: "command" },
    { title: "story" },
    { title: "test" },
  ];
  const rows = deploys.map((one) => [
    tenths(one.seconds),
    ...phaseCells(one.phases, tenths),
    one.command,
    one.story,
    one.test ?? "",
  ]);
  return textTable(columns, rows);
}

function testTable(tests: readonly TestResult[]): string {
  const rows = tests.map(({ seconds, story, test }) => [tenths(seconds), story, test]);
  return textTable([...numbers("seconds"), { title: "story" }, { title: "test" }], rows);
}

/** What failed, and by what: at the end, where a reader of CI's output looks first. */
function failureTexts(tests: readonly TestResult[]): string {
  const texts = tests.flatMap(({ story, test, failure }) => {
    if (failure === undefined) return [];
    const lines = failure.trim().split("\n");
    const more = lines.length - LINES_OF_FAILURE;
    const shown = [...lines.slice(0, LINES_OF_FAILURE), ...(more > 0 ? [`... ${more} more lines`] : [])];
    return [`  ${story}: ${test}\n\n${shown.map((line) => `    ${line}`.trimEnd()).join("\n")}`];
  });
  return texts.length === 0 ? "" : section("Failures", texts.join("\n\n"));
}

function totals({ stories, deploys, wallSeconds }: Results): string {
  const sum = (of: (story: StoryResult) => number): string =>
    stories.reduce((all, story) => all + of(story), 0).toFixed(0);
  const { passed, failed, skipped } = countsOf(stories);
  const unfinished = stories.filter(({ ended }) => !ended).length;
  const tests = `${passed} tests passed, ${failed} failed, ${skipped} skipped`;
  const deploySeconds = deploys.reduce((all, { phases }) => all + totalSeconds(phases), 0);
  const inPhase = (phase: Phase): number => deploys.reduce((all, { phases }) => all + phases[phase], 0);
  const phases = PHASES.map((phase) => `${phase} ${inPhase(phase).toFixed(0)}`).join(", ");
  return [
    `Total: ${tests}${unfinished === 0 ? "" : `, and ${unfinished} of the stories did not end`}; ` +
      `${sum(({ seconds }) => seconds)} s of stories${wallSeconds === undefined ? "" : ` in ${wallSeconds.toFixed(0)} s`}`,
    ...(deploys.length === 0 ? [] : [`Deploys: ${deploys.length} in ${deploySeconds.toFixed(0)} s; ${phases}`]),
  ].join("\n");
}

function numbers(...titles: string[]): Column[] {
  return titles.map((title) => ({ title, right: true }));
}

function phaseColumns(): Column[] {
  return numbers(...PHASES);
}

function phaseCells(phases: PhaseSeconds, cell: (seconds: number) => string): string[] {
  return PHASES.map((phase) => cell(phases[phase]));
}

/** Empty for 0, for legibility: most stories deploy nothing. */
function rounded(seconds: number): string {
  return seconds === 0 ? "" : seconds.toFixed(0);
}

function tenths(seconds: number): string {
  return seconds === 0 ? "" : seconds.toFixed(1);
}

function main(): void {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: "boolean", default: false } },
  });
  const directory = positionals.length > 0 ? path.resolve(positionals[0]) : RESULT_PATHS.directory;
  if (!existsSync(path.join(directory, "junit"))) {
    console.error(`${directory} has no results: run npm test first.`);
    process.exitCode = 1;
    return;
  }
  console.log(values.json ? JSON.stringify(readResults(directory), null, 2) : renderReport(directory));
}

if (require.main === module) main();
