/** `npm test`, `npm run test:lab`, `npm run test:long`: runs the tests, and prints what took how long. */
import { rmSync } from "node:fs";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { availableParallelism, constants } from "node:os";
import * as path from "node:path";
import { Command } from "commander";
import { changedFiles, reasonFor, storiesOf } from "./changed";
import { inLanes } from "./lanes";
import { prepare } from "./prepare";
import { countTests, renderReport } from "./report";
import { RESULT_PATHS } from "./result-paths";
import { nameOf, STORIES, tierOf, type Story } from "./stories";
import { StoryRun } from "./story-run";

const PROJECT = path.join(__dirname, "..", "..");

/** One more than processors, as stories wait about a third of their time: for boots, elections and timers. */
const LANES = String(availableParallelism() + 1);

interface Options {
  readonly tier: readonly string[];
  readonly changed?: string | true;
  readonly lanes: string;
}

const started = Date.now();
let failed = false;

function say(line: string): void {
  const at = ((Date.now() - started) / 1000).toFixed(0).padStart(5);
  process.stderr.write(`[${at} s] ${line}\n`);
}

/** Why the lab cannot run here; undefined if it can. */
function obstacle(): string | undefined {
  if (process.platform !== "linux") return `this is ${process.platform}, and the lab boots Linux machines`;
  if (process.getuid?.() !== 0) return "this is not root, and only root may make network namespaces and boot machines";
  return undefined;
}

async function runUnitTests(): Promise<void> {
  const reporters = ["--reporters", "default", "--reporters", "jest-junit"];
  const jest = path.join(PROJECT, "node_modules", ".bin", "jest");
  const child = spawn(jest, ["--selectProjects", "unit", "--maxWorkers=100%", ...reporters], {
    cwd: PROJECT,
    stdio: "inherit",
    env: {
      ...process.env,
      JEST_JUNIT_REPORT_TEST_SUITE_ERRORS: "true",
      JEST_JUNIT_OUTPUT_FILE: path.join(RESULT_PATHS.junit, "unit.xml"),
    },
  });
  interruptible(() => child.kill("SIGTERM"));
  await once(child, "close");
  if (child.exitCode !== 0) failed = true;
}

/** Functions that end what is running, for when this program is interrupted. */
const running = new Set<() => void>();
let interruptedBy: NodeJS.Signals | undefined;

function interrupted(): boolean {
  return interruptedBy !== undefined;
}

function interruptible(end: () => void): void {
  running.add(end);
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    if (!interrupted()) process.stderr.write("\nInterrupted: ending what runs, and removing its labs\n");
    interruptedBy ??= signal;
    for (const end of running) end();
  });
}

async function runStory(story: Story): Promise<void> {
  if (interrupted()) return;
  const name = nameOf(story);
  const run = new StoryRun(story);
  const end = (): void => {
    run.kill();
  };
  interruptible(end);
  say(`${name}: begins`);
  const began = Date.now();
  const status = await run.run((line) => {
    say(`${name}: ${line}`);
  });
  running.delete(end);
  const seconds = ((Date.now() - began) / 1000).toFixed(0);
  if (interrupted()) {
    say(`${name}: ended after ${seconds} s`);
  } else if (status === 0) {
    say(`${name}: passed in ${seconds} s`);
  } else {
    failed = true;
    const where = [run.log, run.evidence].map((place) => path.relative(PROJECT, place)).join(", evidence in ");
    say(`${name}: FAILED after ${seconds} s; all that it printed is in ${where}`);
  }
}

/** The stories of these tiers: all, the named ones, or those to run because of changes. */
function select(names: readonly string[], { tier, changed }: Options): readonly Story[] {
  const all = STORIES.filter((story) => tier.includes(tierOf(story)));
  if (changed !== undefined) {
    const concerned = storiesOf(changedFiles(changed === true ? undefined : changed)).filter(({ story }) =>
      all.includes(story),
    );
    for (const one of concerned) say(reasonFor(one));
    return concerned.map(({ story }) => story);
  }
  if (names.length === 0) return all;
  return names.flatMap((name) => {
    const found = all.filter((story) => nameOf(story) === name || story.file === name);
    if (found.length > 0) return found;
    throw new Error(`there is no story "${name}"; there are: ${all.map(nameOf).join(", ")}`);
  });
}

async function main(names: readonly string[], options: Options): Promise<void> {
  const stories = select(names, options);
  rmSync(RESULT_PATHS.directory, { recursive: true, force: true });
  if (options.tier.includes("unit")) await runUnitTests();
  const problem = obstacle();
  if (problem !== undefined) {
    console.error(
      `\n*** THE LAB TESTS DID NOT RUN: ${problem}. ***\n*** Nothing was proven about real machines. ***\n`,
    );
    // On a laptop, the unit tests alone are useful; CI must not pass without the lab's tests.
    if (process.env.CI === "true") failed = true;
  } else if (stories.length > 0 && !interrupted()) {
    await prepare([...new Set(stories.map(tierOf))], say);
    await inLanes(
      stories.map((story) => ({ seconds: story.seconds, alone: story.alone === true, run: () => runStory(story) })),
      Number(options.lanes),
    );
  }
  process.stdout.write(`\n${renderReport(RESULT_PATHS.directory, (Date.now() - started) / 1000)}\n`);
  const { passed, failed: failures, skipped } = countTests(RESULT_PATHS.directory);
  process.stdout.write(`\n${passed} passed, ${failures} failed, ${skipped} skipped\n`);
}

/** Collects the values of an option that may be given more than once. */
function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}

const program = new Command("npm test --")
  .description(
    "Runs the tests and says where the time went. Everything that is printed, and reports for CI, lie in test-results/.",
  )
  .argument("[stories...]", "only these lab tests, for example: membership machines/nspawn-machine-driver")
  .requiredOption("--tier <tier>", "unit, lab or long; may be given more than once", collect)
  .option(
    "--changed [since]",
    "only the lab tests that prove what was changed since a commit; since the last one unless told",
  )
  .option("--lanes <number>", "how many labs at once", LANES)
  .action(main);

program.parseAsync().then(
  () => process.exit(interruptedBy !== undefined ? 128 + constants.signals[interruptedBy] : failed ? 1 : 0),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(2);
  },
);
