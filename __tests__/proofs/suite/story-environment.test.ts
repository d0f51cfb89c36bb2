import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { attempt } from "terraform-lab";

const PROJECT = path.resolve(__dirname, "..", "..", "..");

/** What each of jest's files is begun with: notes what runs, in order. */
const BEGIN = `const said = (what) => { require("fs").appendFileSync(__filename + ".said", what + "\\n"); };\n`;

const FILES = {
  story: `
    const { onFailure } = require("${PROJECT}/proofs/recording/evidence");
    onFailure(async (directory) => {
      require("fs").writeFileSync(directory + "/journal", "");
      said("evidence");
    });
    beforeAll(() => said("up"));
    afterAll(() => said("down"));
    describe("a story", () => {
      it("begins", () => said("begins"));
      it("breaks", () => { throw new Error("the lamp fell over"); });
      it("goes on", () => said("goes on"));
      describe("later", () => {
        beforeAll(() => said("later up"));
        afterAll(() => said("later down"));
        it("ends", () => { throw new Error("the lamp lies there"); });
      });
    });`,
  "set-up": `
    const { onFailure } = require("${PROJECT}/proofs/recording/evidence");
    onFailure(async () => { throw new Error("no lab, no evidence"); });
    beforeAll(() => { throw new Error("the lab did not come up"); });
    beforeAll(() => said("second set-up"));
    afterAll(() => said("down"));
    describe("a story", () => {
      beforeAll(() => said("inner up"));
      afterAll(() => said("inner down"));
      afterEach(() => said("after each"));
      it("begins", () => said("begins"));
      it("goes on", () => said("goes on"));
    });
    it("ends", () => said("ends"));`,
  independent: `
    it("fails", () => { throw new Error("the first"); });
    it("passes", () => said("passes"));
    describe("without what it needs", () => {
      beforeAll(() => { throw new Error("nothing there"); });
      it("fails", () => said("without"));
      it("does not run", () => said("without"));
    });
    it("fails, too", () => { throw new Error("the last"); });`,
  "clean-up": `
    afterAll(() => { throw new Error("the lab did not go"); });
    it("passes", () => said("passes"));`,
};

/** What jest says of a file. */
interface FileResult {
  readonly name: string;
  readonly status: string;
  readonly message: string;
  readonly assertionResults: readonly { readonly title: string; readonly status: string }[];
}

describe("a file of the lab's tests", () => {
  const directory = mkdtempSync(path.join(tmpdir(), "cdktf-etcd-test-"));
  let status: number | string;
  let results: readonly FileResult[];

  beforeAll(async () => {
    for (const [name, text] of Object.entries(FILES)) {
      const begin = name === "independent" ? `/** @independent */\n${BEGIN}` : BEGIN;
      writeFileSync(path.join(directory, `${name}.test.js`), begin + text.replace(/=> (said\(".*?"\))/g, "=> { $1; }"));
    }
    const config = {
      rootDir: directory,
      testEnvironment: path.join(PROJECT, "proofs", "suite", "story-environment.ts"),
      transform: { "^.+\\.ts$": [require.resolve("ts-jest"), { tsconfig: path.join(PROJECT, "tsconfig.json") }] },
    };
    writeFileSync(path.join(directory, "jest.config.json"), JSON.stringify(config));
    const jest = path.join(PROJECT, "node_modules", "jest", "bin", "jest.js");
    const output = path.join(directory, "output.json");
    const outcome = await attempt([process.execPath, jest, "--runInBand", "--json", "--outputFile", output], {
      cwd: directory,
      env: { CDKTF_ETCD_TEST_RESULTS: directory, CDKTF_ETCD_EVIDENCE: undefined },
    });
    status = outcome.status;
    results = (JSON.parse(readFileSync(output, "utf8")) as { testResults: FileResult[] }).testResults;
  }, 60_000);
  afterAll(() => {
    rmSync(directory, { recursive: true });
  });

  const resultOf = (file: keyof typeof FILES): FileResult => {
    const found = results.find(({ name }) => path.basename(name) === `${file}.test.js`);
    if (found === undefined) throw new Error(`no result of ${file}`);
    return found;
  };
  const testsOf = (file: keyof typeof FILES): string[] =>
    resultOf(file).assertionResults.map((test) => `${test.title}: ${test.status}`);
  const saidBy = (file: keyof typeof FILES): string[] =>
    readFileSync(path.join(directory, `${file}.test.js.said`), "utf8")
      .trim()
      .split("\n");
  const evidenceOf = (file: keyof typeof FILES, name: string): string =>
    readFileSync(path.join(directory, "evidence", file, name), "utf8");

  it("skips what comes after the first failure, keeps evidence of it, and then takes down what it set up", () => {
    expect(testsOf("story")).toEqual(["begins: passed", "breaks: failed", "goes on: pending", "ends: pending"]);
    expect(saidBy("story")).toEqual(["up", "begins", "evidence", "down"]);
    expect(resultOf("story").message).toContain("the lamp fell over");
    expect(evidenceOf("story", "failure.txt")).toMatch(/^a story breaks\n\nError: the lamp fell over\n/);
    expect(evidenceOf("story", "journal")).toBe("");
  });

  it("says once that it could not be set up, whatever becomes of the evidence, and takes down what there is", () => {
    expect(testsOf("set-up")).toEqual(["begins: failed", "goes on: pending", "ends: pending"]);
    expect(saidBy("set-up")).toEqual(["down"]);
    const { message } = resultOf("set-up");
    // Once more in the line of the file that is shown with it.
    expect(message.match(/the lab did not come up/g)).toHaveLength(2);
    expect(evidenceOf("set-up", "failure.txt")).toMatch(/^beforeAll\n\nError: the lab did not come up\n/);
  });

  it("runs all of its tests that can run where it says that they are independent", () => {
    expect(testsOf("independent")).toEqual([
      "fails: failed",
      "passes: passed",
      "fails: failed",
      "does not run: pending",
      "fails, too: failed",
    ]);
    expect(saidBy("independent")).toEqual(["passes"]);
  });

  it("fails when nothing but its clean-up does", () => {
    expect(testsOf("clean-up")).toEqual(["passes: passed"]);
    expect([status, resultOf("clean-up").status]).toEqual([1, "failed"]);
    expect(resultOf("clean-up").message).toContain("the lab did not go");
  });
});
