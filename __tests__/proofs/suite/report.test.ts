import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { useScratchDir } from "../../lab/tools/scratch";
import type { PhaseSeconds } from "../../../proofs/recording/phases";
import { countTests, renderReport } from "../../../proofs/suite/report";
import { readResults } from "../../../proofs/suite/results";
import type { TimingEntry } from "../../../proofs/recording/timings";

const scratch = useScratchDir();

function junit(name: string, seconds: number, suites: string): void {
  const text = `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="jest tests" time="${seconds}">${suites}\n</testsuites>`;
  write(path.join("junit", `${name}.xml`), text);
}

function timings(name: string, entries: readonly TimingEntry[]): void {
  write(path.join("timings", `${name}.jsonl`), entries.map((entry) => `${JSON.stringify(entry)}\n`).join(""));
}

function write(file: string, text: string): void {
  mkdirSync(path.dirname(path.join(scratch(), file)), { recursive: true });
  writeFileSync(path.join(scratch(), file), text);
}

function deploy(test: string | undefined, phases: Partial<PhaseSeconds>): TimingEntry {
  const all = { synth: 0, plan: 0, boot: 0, install: 0, activate: 0, rest: 0, ...phases };
  const seconds = Object.values(all).reduce((sum, one) => sum + one, 0);
  return { kind: "deploy", command: "deploy", test, seconds, phases: all };
}

/** A run with a story that failed, one that passed and deploys nothing, one that did not end, and the unit tier. */
function writeRun(): void {
  junit(
    "lab-proofs-membership",
    120.5,
    `
  <testsuite name="members" errors="0" failures="1" skipped="1" timestamp="2026-11-29T10:00:00" time="118" tests="3">
    <testcase classname="members grow" name="members grow: &lt;1 to 3&gt; &amp; don&apos;t restart" time="80.25"/>
    <testcase classname="members shrink" name="members shrink" time="30"><failure>Error: ${"&quot;".repeat(20_000)}</failure></testcase>
    <testcase classname="members rest" name="members rest" time="0"><skipped/></testcase>
  </testsuite>`,
  );
  timings("lab-proofs-membership", [
    deploy(undefined, { synth: 5, plan: 2, boot: 20, install: 3, activate: 8, rest: 1 }),
    deploy("members grow", { synth: 4, plan: 2, install: 2.4, activate: 6 }),
    { kind: "boot", what: "etcd-lon1", seconds: 7 },
    { kind: "wait", what: "a leader", seconds: 11 },
  ]);
  junit(
    "lab-lab-wan-wan",
    17,
    `<testsuite name="wan" errors="0" failures="0" skipped="0" timestamp="2026-11-29T10:03:00" time="16" tests="1">
    <testcase name="the WAN delays" time="0.5"/></testsuite>`,
  );
  junit(
    "unit",
    30,
    `<testsuite name="a" errors="0" failures="0" skipped="0" timestamp="2026-11-29T09:59:00" time="20" tests="1">
    <testcase name="a holds" time="2"/></testsuite>
  <testsuite name="b" errors="1" failures="0" skipped="0" timestamp="2026-11-29T09:59:01" time="0" tests="0">
    <testcase name=" b.test.ts" time="0"><error>does not compile</error></testcase></testsuite>`,
  );
  timings("lab-proofs-birth", [deploy("a birth", { synth: 6, plan: 3 })]);
}

describe("the report of a run", () => {
  it("has the stories, the slowest first, with what their time went to", () => {
    writeRun();
    const [stories] = renderReport(scratch()).split("The slowest deploys");
    expect(stories.trimEnd().split("\n")).toEqual([
      "Stories",
      "",
      "  story                seconds  passed  failed  skipped  deploys  synth  plan  boot  install  activate  rest  waits",
      "  membership               121       1       1        1        2      9     4    27        5        14     1     11",
      "  unit                      30       1       1        0",
      "  wan/wan                   17       1       0        0",
      "  birth (did not end)        9       ?       ?        ?        1      6     3",
    ]);
  });

  it("has the slowest deploys and tests, by name", () => {
    writeRun();
    const [, deploys, tests] = renderReport(scratch()).split(/The slowest \w+\n\n|\n\nTotal/);
    expect(deploys.trimEnd().split("\n")).toEqual([
      "  seconds  synth  plan  boot  install  activate  rest  command  story       test",
      "     39.0    5.0   2.0  20.0      3.0       8.0   1.0  deploy   membership",
      "     14.4    4.0   2.0            2.4       6.0        deploy   membership  members grow",
      "      9.0    6.0   3.0                                 deploy   birth       a birth",
    ]);
    expect(tests.split("\n").slice(0, 4)).toEqual([
      "  seconds  story       test",
      "     80.3  membership  members grow: <1 to 3> & don't restart",
      "     30.0  membership  members shrink",
      "      2.0  unit        a holds",
    ]);
  });

  it("has the ten slowest of each only", () => {
    const cases = Array.from({ length: 12 }, (_, i) => `<testcase name="test ${i}" time="${i}"/>`).join("");
    junit(
      "lab-proofs-birth",
      66,
      `<testsuite errors="0" failures="0" skipped="0" timestamp="2026-11-29T10:00:00" time="66" tests="12">${cases}</testsuite>`,
    );
    timings(
      "lab-proofs-birth",
      Array.from({ length: 12 }, (_, i) => deploy(`test ${i}`, { plan: i + 1 })),
    );
    const lines = renderReport(scratch()).split("\n");
    expect(lines.filter((line) => /^ +[\d.]+ +.*test \d+$/.test(line)).map((line) => line.split("test ")[1])).toEqual(
      [11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2].map(String),
    );
  });

  it("says before the totals what failed, and by what, without the rest of a long text", () => {
    writeRun();
    junit(
      "lab-proofs-leader",
      9,
      `<testsuite name="leader" errors="0" failures="1" skipped="0" timestamp="2026-11-29T10:00:00" time="9" tests="1">
    <testcase name="leader moves" time="9"><failure>Error: &lt;1&gt;\n${"    at line\n".repeat(35)}</failure><failure>and after it</failure></testcase></testsuite>`,
    );
    const [, failures] = renderReport(scratch()).split("Failures\n\n");
    expect(failures.split("\n\nTotal")[0]).toBe(
      [
        `  membership: members shrink\n\n    Error: ${'"'.repeat(20_000)}`,
        `  leader: leader moves\n\n    Error: <1>\n${"        at line\n".repeat(29)}    ... 8 more lines`,
        "  unit: b.test.ts\n\n    does not compile",
      ].join("\n\n"),
    );
  });

  it("ends with the totals, by the run's own time or else from the first start to the last end", () => {
    writeRun();
    expect(renderReport(scratch(), 99).split("\n").slice(-2)).toEqual([
      "Total: 3 tests passed, 2 failed, 1 skipped, and 1 of the stories did not end; 177 s of stories in 99 s",
      "Deploys: 3 in 62 s; synth 15, plan 7, boot 20, install 5, activate 14, rest 1",
    ]);
    expect(renderReport(scratch())).toContain("177 s of stories in 256 s");
    expect(countTests(scratch())).toEqual({ passed: 3, failed: 2, skipped: 1 });
  });

  it("says nothing of deploys where there were none", () => {
    junit("unit", 1, "");
    const report = renderReport(scratch());
    expect(report).not.toMatch(/deploys\n/);
    expect(report).toMatch(/^Total: 0 tests passed/m);
  });

  it("is there as data too", () => {
    writeRun();
    const report = path.resolve(__dirname, "..", "..", "..", "proofs", "suite", "report.ts");
    const run = (...args: string[]): string =>
      execFileSync(process.execPath, ["--require", "tsx/cjs", report, ...args], { encoding: "utf8", stdio: "pipe" });
    expect(JSON.parse(run(scratch(), "--json"))).toEqual(readResults(scratch()));
    expect(run(scratch())).toBe(`${renderReport(scratch())}\n`);
    expect(() => run(path.join(scratch(), "missing"))).toThrow(/has no results: run npm test first/);
  }, 30_000);
});
