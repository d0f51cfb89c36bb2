/**
 * `npm run test:cdktn -- [--keep] [PATTERN...]`: runs the unit tests with cdktn in cdktf's place, by the override that
 * README.md shows, in a copy of the tracked files. It installs the copy's packages, so it needs npm's registry, and is
 * no part of the tiers: their stories have loopback alone. Patterns are jest's, of paths; all tests without any.
 *
 * Exits with 1 if the override does not replace every cdktf, or if a test fails.
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { parseArgs } from "node:util";
import { manifestUnder, overrideIn, type Manifest } from "./override";
import { failures, verdict, type Results } from "./verdict";

const ROOT = path.resolve(__dirname, "..", "..");

function run(cwd: string, command: string, args: readonly string[]): void {
  const { status, error } = spawnSync(command, args, { cwd, stdio: "inherit" });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${[command, ...args].join(" ")} ended with ${String(status)}`);
}

function outputOf(cwd: string, command: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
  if (status !== 0) throw new Error(`${[command, ...args].join(" ")} ended with ${String(status)}: ${stderr}`);
  return stdout;
}

/** The tracked files as they are here, changed or not. */
function copyTracked(copy: string): void {
  const tracked = outputOf(ROOT, "git", ["ls-files", "-z"]).split("\0");
  for (const file of tracked.filter((name) => name !== "" && existsSync(path.join(ROOT, name)))) {
    mkdirSync(path.dirname(path.join(copy, file)), { recursive: true });
    copyFileSync(path.join(ROOT, file), path.join(copy, file));
  }
  // What was resolved for cdktf would keep it.
  rmSync(path.join(copy, "package-lock.json"));
  // Some tests ask git which files there are.
  run(copy, "git", ["init", "--quiet"]);
  run(copy, "git", ["add", "--all"]);
}

function putOverride(copy: string): void {
  const file = path.join(copy, "package.json");
  const override = overrideIn(readFileSync(path.join(ROOT, "README.md"), "utf8"));
  const manifest = manifestUnder(override, JSON.parse(readFileSync(file, "utf8")) as Manifest);
  writeFileSync(file, JSON.stringify(manifest, null, 2));
}

/** Throws unless every package gets cdktn when it asks for cdktf. */
function requireCdktnAlone(copy: string): string {
  const found = outputOf(copy, "find", ["node_modules", "-path", "*/node_modules/cdktf", "-prune"]).trim();
  if (found !== "") throw new Error(`there are others beside the override's: ${found}`);
  const manifest = readFileSync(path.join(copy, "node_modules", "cdktf", "package.json"), "utf8");
  const { name, version } = JSON.parse(manifest) as { readonly name: string; readonly version: string };
  if (name !== "cdktn") throw new Error(`node_modules/cdktf is ${name}, not cdktn`);
  return `${name} ${version}`;
}

function runTests(copy: string, patterns: readonly string[]): Results {
  const report = path.join(copy, "results.json");
  const args = ["jest", ...patterns, "--selectProjects", "unit", "--ci", "--maxWorkers=1", "--silent"];
  const { status, signal } = spawnSync("npx", [...args, "--json", `--outputFile=${report}`], {
    cwd: copy,
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (!existsSync(report)) throw new Error(`jest ended with ${String(signal ?? status)}, and without a report`);
  return JSON.parse(readFileSync(report, "utf8")) as Results;
}

function main(): number {
  const { values, positionals } = parseArgs({ options: { keep: { type: "boolean" } }, allowPositionals: true });
  const copy = mkdtempSync(path.join(tmpdir(), "cdktf-etcd-cdktn-"));
  try {
    copyTracked(copy);
    putOverride(copy);
    run(copy, "npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
    const installed = requireCdktnAlone(copy);
    console.log(`${installed} in cdktf's place`);
    const results = runTests(copy, positionals);
    const failed = failures(copy, results);
    for (const one of failed) console.log(`FAILED ${one}`);
    console.log(verdict(installed, results));
    return results.numTotalTests === 0 || failed.length > 0 ? 1 : 0;
  } finally {
    if (values.keep === true) console.log(`kept: ${copy}`);
    else rmSync(copy, { recursive: true, force: true });
  }
}

process.exitCode = main();
