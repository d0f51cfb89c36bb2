/**
 * `npm run bench:synth -- [--rounds N] [--json]`: the time that this library adds to synth. Compares the three-continent
 * app (main.ts) with an app that makes the same resources directly. Both run as plain JavaScript in new node processes,
 * in turn. Needs neither network nor root; a round of both takes about 4 s.
 *
 * Exits with 1 if the library takes more time than allowed.
 */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import * as path from "node:path";
import { performance } from "node:perf_hooks";
import { isDeepStrictEqual, parseArgs } from "node:util";
import { transpileModule, ModuleKind, ScriptTarget } from "typescript";
import { median } from "../figures/statistics";
import { bareApp, StackJson } from "./bare-app";

/** The greatest allowed ratio: the library may add a tenth. */
const BAR = 1.1;
const REPOSITORY = path.resolve(__dirname, "..", "..");
const STACK = "etcd";

const APPS = ["library", "bare"] as const;
type AppName = (typeof APPS)[number];

/** One round of an app, in milliseconds. */
interface Round {
  /** From `new App` until `app.synth()` has returned. */
  readonly synthMs: number;
  /** The same, with CDKTF's runs of `terraform version` answered at once: the time of JavaScript alone. */
  readonly javascriptMs: number;
  /** The whole process, including node's start and the loading of all modules. */
  readonly processMs: number;
}

interface Figures {
  readonly library: number;
  readonly bare: number;
  readonly ratio: number;
}

/** What `--json` prints. */
interface Result {
  readonly date: string;
  readonly node: string;
  readonly processors: number;
  readonly rounds: number;
  readonly resources: number;
  readonly synthMs: Figures;
  readonly javascriptMs: Figures;
  readonly processMs: Figures;
  readonly bar: number;
  readonly met: boolean;
}

function main(): void {
  const { values } = parseArgs({
    options: { rounds: { type: "string", default: "5" }, json: { type: "boolean", default: false } },
  });
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds: given ${values.rounds}, expected 1 or more`);
  const directory = mkdtempSync(path.join(tmpdir(), "cdktf-etcd-bench-"));
  try {
    const result = measure(directory, rounds);
    process.stdout.write(values.json ? `${JSON.stringify(result, undefined, 2)}\n` : table(result));
    if (!result.met) process.exitCode = 1;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function measure(directory: string, rounds: number): Result {
  const resources = prepare(directory);
  const runs: Record<AppName, Round[]> = { library: [], bare: [] };
  for (let round = 0; round < rounds; round++) {
    // In alternating order, so that neither always runs with caches that the other has warmed.
    for (const app of round % 2 === 0 ? APPS : [...APPS].reverse()) {
      const { ms: synthMs, processMs } = runApp(directory, app);
      runs[app].push({ synthMs, processMs, javascriptMs: runApp(directory, app, "no-version-checks.js").ms });
    }
  }
  const figures = (field: keyof Round): Figures => {
    const [library, bare] = APPS.map((app) => median(runs[app].map((run) => run[field])));
    return { library: round1(library), bare: round1(bare), ratio: Math.round((library / bare) * 1000) / 1000 };
  };
  const synthMs = figures("synthMs");
  return {
    date: new Date().toISOString().slice(0, 10),
    node: process.version,
    processors: cpus().length,
    rounds,
    resources,
    synthMs,
    javascriptMs: figures("javascriptMs"),
    processMs: figures("processMs"),
    bar: BAR,
    met: synthMs.ratio <= BAR,
  };
}

/** Compiles the library and its app, and writes the bare app from its stack; returns the stack's number of resources. */
function prepare(directory: string): number {
  symlinkSync(path.join(REPOSITORY, "node_modules"), path.join(directory, "node_modules"));
  cpSync(path.join(REPOSITORY, "templates"), path.join(directory, "templates"), { recursive: true });
  writeFileSync(
    path.join(directory, "no-version-checks.js"),
    'require("node:child_process").execSync = () => Buffer.from("Terraform v1.11.4");\n',
  );
  const tsc = require.resolve("typescript/bin/tsc");
  const project = path.join(REPOSITORY, "tsconfig.build.json");
  execFileSync(process.execPath, [tsc, "-p", project, "--outDir", path.join(directory, "lib")], { stdio: "inherit" });
  const source = transpileModule(readFileSync(path.join(REPOSITORY, "main.ts"), "utf8"), {
    compilerOptions: { module: ModuleKind.CommonJS, target: ScriptTarget.ES2022, esModuleInterop: true },
  });
  writeApp(directory, "library", source.outputText);
  runApp(directory, "library");
  const stack = stackOf(directory, "library");
  writeApp(directory, "bare", bareApp(STACK, stack, path.join(directory, "templates")));
  runApp(directory, "bare");
  requireSame(stack, stackOf(directory, "bare"));
  return Object.values(stack.resource).reduce((sum, byId) => sum + Object.keys(byId).length, 0);
}

function writeApp(directory: string, app: AppName, source: string): void {
  const started = source.replace(/^(const|let) app = new /m, (match) => `const began = performance.now();\n${match}`);
  if (started === source) throw new Error(`${app}: no "const app = new App()" to start the clock at`);
  mkdirSync(path.join(directory, `${app}-out`));
  writeFileSync(
    path.join(directory, `${app}.js`),
    `${started}\nprocess.stdout.write(String(performance.now() - began));\n`,
  );
}

/** Runs an app; returns its own measurement and the duration of the process. */
function runApp(
  directory: string,
  app: AppName,
  preload?: string,
): { readonly ms: number; readonly processMs: number } {
  const began = performance.now();
  const preloads = preload === undefined ? [] : ["--require", path.join(directory, preload)];
  const output = execFileSync(process.execPath, [...preloads, path.join(directory, `${app}.js`)], {
    cwd: path.join(directory, `${app}-out`),
    env: { PATH: process.env.PATH, HOME: directory, CHECKPOINT_DISABLE: "1", ETCD_SSH_FROM: "198.51.100.7/32" },
    encoding: "utf8",
  });
  return { ms: Number(output), processMs: performance.now() - began };
}

function stackOf(directory: string, app: AppName): StackJson {
  const file = path.join(directory, `${app}-out`, "cdktf.out", "stacks", STACK, "cdk.tf.json");
  return JSON.parse(readFileSync(file, "utf8")) as StackJson;
}

/** @throws Error unless both apps synthesize the same stack */
function requireSame(library: StackJson, bare: StackJson): void {
  const bones = ({ resource, locals, output }: StackJson): unknown =>
    JSON.parse(JSON.stringify({ resource, locals, output }), (key, value: unknown) =>
      key === "//" ? undefined : value,
    );
  if (!isDeepStrictEqual(bones(library), bones(bare))) {
    throw new Error("the two apps do not synthesize the same: mend proofs/bench/bare-app.ts");
  }
}

function round1(value: number): number {
  return Math.round(value * 10) / 10;
}

function table({ rounds, resources, synthMs, javascriptMs, processMs, bar, met, node, processors }: Result): string {
  const row = (name: string, { library, bare, ratio }: Figures): string =>
    `${name.padEnd(34)}${library.toFixed(1).padStart(10)}${bare.toFixed(1).padStart(10)}${ratio.toFixed(3).padStart(8)}\n`;
  return (
    `${resources} resources, median of ${rounds} rounds, node ${node}, ${processors} processors\n\n` +
    `${"".padEnd(34)}${"library ms".padStart(10)}${"bare ms".padStart(10)}${"ratio".padStart(8)}\n` +
    row("synth (new App to app.synth() done)", synthMs) +
    row("- JavaScript alone", javascriptMs) +
    row("whole process", processMs) +
    `\nThe library may cost ${bar.toFixed(2)} times the bare app's synth: ${met ? "met" : "NOT met"}.\n`
  );
}

main();
