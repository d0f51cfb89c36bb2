/**
 * jest's environment for the lab's tests. The tests of a file are one story, each test starting from the state that the
 * one before it left. After a failure the others would fail too, perhaps an hour later, so they are skipped, as are tests
 * whose beforeAll failed, which is reported once. Evidence is saved before afterAll takes the lab down.
 *
 * In a file that begins with a comment with `@independent`, tests run after another's failure too.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import type { EnvironmentContext, JestEnvironmentConfig } from "@jest/environment";
import type { Circus } from "@jest/types";
import { TestEnvironment } from "jest-environment-node";
import { KEEPERS, type EvidenceKeeper } from "../recording/evidence";
import { RESULT_PATHS } from "./result-paths";

/** Time limit of saving all evidence: a broken lab must not hang the run. */
const EVIDENCE_SECONDS = 60;

export default class StoryEnvironment extends TestEnvironment {
  private readonly file: string;
  private readonly independent: boolean;
  private readonly keepers: EvidenceKeeper[] = [];
  private failed = false;
  /** After a failure, no test of this block is started any more. */
  private over?: Circus.DescribeBlock;
  /** The test that is reported as failed because of a beforeAll. */
  private scapegoat?: Circus.TestEntry;

  public constructor(config: JestEnvironmentConfig, context: EnvironmentContext) {
    super(config, context);
    this.file = context.testPath;
    this.independent = "independent" in context.docblockPragmas;
    Object.assign(this.global, { [KEEPERS]: this.keepers });
  }

  /** Called, and awaited, by jest for each event. */
  public async handleTestEvent(event: Circus.Event, state: Circus.State): Promise<void> {
    switch (event.name) {
      case "run_describe_start":
        if (this.isOver(event.describeBlock)) event.describeBlock.mode = "skip";
        break;
      case "hook_start":
        // Another beforeAll of the same describe.
        if (event.hook.type === "beforeAll" && this.isOver(event.hook.parent)) event.hook.fn = () => undefined;
        break;
      case "test_start":
        if (this.isOver(event.test.parent)) event.test.mode = "skip";
        break;
      case "test_skip":
        if (event.test === this.scapegoat) event.test.status = "done";
        break;
      case "test_done":
        if (event.test.errors.length === 0) break;
        if (!this.independent) this.over = state.rootDescribeBlock;
        await this.fail(titleOf(event.test), event.test.errors);
        break;
      case "hook_failure": {
        const { describeBlock, hook } = event;
        if (hook.type === "beforeAll" && describeBlock !== undefined) {
          const [first, ...others] = testsIn(describeBlock);
          this.over = this.independent ? describeBlock : state.rootDescribeBlock;
          this.scapegoat = first;
          for (const test of others) test.errors = [];
        }
        // Errors of beforeEach and afterEach are the test's.
        if (hook.type.endsWith("All")) await this.fail(hook.type, [event.error]);
        break;
      }
    }
  }

  private isOver(block: Circus.DescribeBlock | undefined): boolean {
    if (this.over === undefined || block === undefined) return false;
    return block === this.over || this.isOver(block.parent);
  }

  /** Saves evidence of the first failure. */
  private async fail(where: string, errors: readonly unknown[]): Promise<void> {
    if (this.failed) return;
    this.failed = true;
    const directory = this.evidenceDirectory();
    let note = "";
    try {
      mkdirSync(directory, { recursive: true });
      writeFileSync(path.join(directory, "failure.txt"), `${where}\n\n${errors.map(textOf).join("\n\n")}\n`);
      await withinLimit(this.keepers.map(async (keep) => keep(directory)));
    } catch (error) {
      // Not thrown: the test's own failure must be reported.
      note = `, though not all of it: ${error instanceof Error ? error.message : String(error)}`;
    }
    process.stderr.write(`      "${where}" failed; evidence of it is in ${directory}${note}\n`);
  }

  private evidenceDirectory(): string {
    const wanted = process.env.CDKTF_ETCD_EVIDENCE ?? "";
    if (wanted !== "") return wanted;
    const directory = path.join(RESULT_PATHS.evidence, path.basename(this.file).replace(/\.test\.\w+$/, ""));
    // Removes evidence of an earlier run.
    rmSync(directory, { recursive: true, force: true });
    return directory;
  }
}

function testsIn(block: Circus.DescribeBlock): Circus.TestEntry[] {
  return block.children.flatMap((child) => (child.type === "test" ? [child] : testsIn(child)));
}

function titleOf(test: Circus.TestEntry): string {
  const names = [test.name];
  for (let block = test.parent; block.parent !== undefined; block = block.parent) names.unshift(block.name);
  return names.join(" ");
}

/** The text of an error in jest's state: any thrown value or, if that has no stack, an error with the test's position. */
function textOf(error: unknown): string {
  if (Array.isArray(error)) return textOf(error[0] ?? error[1]);
  return (error as Partial<Error> | undefined)?.stack ?? String(error);
}

/** @throws the first error of these, once all have ended; or an Error if that takes too long */
async function withinLimit(keeping: readonly Promise<void>[]): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`it took longer than ${EVIDENCE_SECONDS} s`));
    }, EVIDENCE_SECONDS * 1000);
  });
  const all = Promise.allSettled(keeping).then(() => Promise.all(keeping));
  try {
    await Promise.race([all, limit]);
  } finally {
    clearTimeout(timer);
  }
}
