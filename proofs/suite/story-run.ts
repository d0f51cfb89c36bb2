import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync } from "node:fs";
import * as path from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { hasEnded, inOwnNamespaces, Lab, LabPaths, NO_WAY_OUT } from "terraform-lab";
import { REPORT_FD } from "./line-reporter";
import { RESULT_PATHS } from "./result-paths";
import { resultNameOf, type Story, tierOf } from "./stories";
import definition from "../lab.config";

const PROJECT = path.join(__dirname, "..", "..");

/** Runs one test file in a jest and in namespaces of its own, apart from other labs that run at the same time. */
export class StoryRun {
  private readonly name: string;
  private readonly lab: Lab;
  private child?: ReturnType<typeof spawn>;

  public constructor(private readonly story: Story) {
    this.name = resultNameOf(story);
    this.lab = new Lab(definition, new LabPaths(path.join(PROJECT, `.lab-test-${this.name}`)), () => undefined);
  }

  /** File of its output. */
  public get log(): string {
    return path.join(RESULT_PATHS.logs, `${this.name}.log`);
  }

  /** Directory of its evidence, if it fails: the logs of machines, API server and Terraform. */
  public get evidence(): string {
    return path.join(RESULT_PATHS.evidence, this.name);
  }

  /**
   * Runs it to its end, and removes what it left.
   *
   * @param onLine called with a line for each test as it ends, and with failures
   * @returns jest's exit status
   */
  public async run(onLine: (line: string) => void): Promise<number> {
    await this.lab.sweep();
    mkdirSync(RESULT_PATHS.logs, { recursive: true });
    const log = openSync(this.log, "w");
    const [command, ...args] = [...inOwnNamespaces(), process.execPath, "--require", "tsx/cjs", ...this.jest()];
    const child = spawn(command, args, {
      cwd: PROJECT,
      // The terminal's Ctrl-C does not reach it; the suite gets that and calls kill().
      detached: true,
      stdio: ["ignore", log, log, "pipe"],
      env: {
        ...process.env,
        [NO_WAY_OUT]: "yes",
        CDKTF_ETCD_TEST_LAB: path.basename(this.lab.root),
        CDKTF_ETCD_TIMINGS: path.join(RESULT_PATHS.timings, `${this.name}.jsonl`),
        CDKTF_ETCD_EVIDENCE: this.evidence,
        JEST_JUNIT_REPORT_TEST_SUITE_ERRORS: "true",
        JEST_JUNIT_OUTPUT_FILE: path.join(RESULT_PATHS.junit, `${this.name}.xml`),
      },
    });
    this.child = child;
    closeSync(log);
    createInterface(child.stdio[REPORT_FD] as Readable).on("line", onLine);
    await once(child, "close");
    await this.lab.sweep();
    return child.exitCode ?? 1;
  }

  /** Kills it; `run` cleans up. */
  public kill(): void {
    if (this.child !== undefined && !hasEnded(this.child)) this.child.kill("SIGKILL");
  }

  private jest(): string[] {
    return [
      path.join(PROJECT, "node_modules", "jest", "bin", "jest.js"),
      ...["--selectProjects", tierOf(this.story), "--runInBand", "--runTestsByPath", this.story.file],
      // Handles that a failed set-up has left open must not block the lane.
      "--forceExit",
      ...["--reporters", path.join(__dirname, "line-reporter.ts"), "--reporters", "jest-junit"],
    ];
  }
}
