/** @independent */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";

const MINUTES = 60_000;
const ROOT = path.join(__dirname, "..", "..");
/** The override that README.md tells of. */
const README = readFileSync(path.join(ROOT, "README.md"), "utf8");

/** Tests of all that is synthesized; what the others test is told by no word of CDKTF's. */
const TESTS = ["access", "backup", "etcd-cluster.test", "hosts", "node", "pki", "rollout", "snapshots.test"];

interface Manifest {
  readonly name?: string;
  readonly version?: string;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  overrides?: Record<string, string>;
}

const readManifest = (file: string): Manifest => JSON.parse(readFileSync(file, "utf8")) as Manifest;

/** The package.json that README.md shows. */
function shown(): Required<Pick<Manifest, "dependencies" | "overrides">> {
  const block = /```json\n([\s\S]*?)```/.exec(README.slice(README.indexOf("## CDKTF is archived")))?.[1] ?? "";
  return JSON.parse(block) as ReturnType<typeof shown>;
}

describe("cdktn in the place of cdktf", () => {
  const copy = mkdtempSync(path.join(tmpdir(), "cdktf-etcd-cdktn-"));
  afterAll(() => {
    rmSync(copy, { recursive: true, force: true });
  });

  function run(command: string, ...args: string[]): { readonly status: number | null; readonly output: string } {
    const { status, stdout, stderr } = spawnSync(command, args, {
      cwd: copy,
      encoding: "utf8",
      timeout: 20 * MINUTES,
      maxBuffer: 64 * 1024 * 1024,
    });
    return { status, output: stdout + stderr };
  }

  it(
    "is installed by what README.md shows, alone",
    () => {
      const { stdout } = spawnSync("git", ["ls-files", "-z"], { cwd: ROOT, encoding: "utf8" });
      for (const file of stdout.split("\0").filter((name) => name !== "" && name !== "package-lock.json")) {
        mkdirSync(path.dirname(path.join(copy, file)), { recursive: true });
        copyFileSync(path.join(ROOT, file), path.join(copy, file));
      }
      // What spares the unit tests cdktf's stack traces knows cdktf alone.
      const config = path.join(copy, "jest.config.js");
      writeFileSync(config, readFileSync(config, "utf8").replace(/^ *moduleNameMapper: .*\n/m, ""));
      const manifest = readManifest(path.join(copy, "package.json"));
      const { dependencies, overrides } = shown();
      Object.assign((manifest.devDependencies ??= {}), dependencies);
      Object.assign((manifest.overrides ??= {}), overrides);
      // Of cdktf itself, which cdktn's own would replace.
      delete manifest.devDependencies["cdktf-cli"];
      // What this project's own tests are installed with, and an application does not have.
      delete manifest.peerDependencies;
      writeFileSync(path.join(copy, "package.json"), JSON.stringify(manifest));
      const { status, output } = run("npm", "install", "--ignore-scripts", "--no-audit", "--no-fund");
      if (status !== 0) throw new Error(output.slice(-4000));
      const { name } = readManifest(path.join(copy, "node_modules", "cdktf", "package.json"));
      const { status: found, output: others } = run(
        "find",
        "node_modules",
        "-path",
        "*/node_modules/cdktf",
        "-type",
        "d",
      );
      expect([name, found, others]).toEqual(["cdktn", 0, ""]);
    },
    20 * MINUTES,
  );

  it(
    "synthesizes what cdktf does: the unit tests of all that is synthesized pass, snapshots included",
    () => {
      const jest = ["jest", "--selectProjects", "unit", "--ci", ...TESTS.map((name) => `__tests__/${name}`)];
      const { status, output } = run("npx", ...jest);
      if (status !== 0) throw new Error(output.slice(-8000));
      expect(output).toMatch(/^Tests: +\d+ passed, \d+ total$/m);
    },
    20 * MINUTES,
  );
});
