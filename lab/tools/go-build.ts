import { cp, mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { ensureCommands } from "./apt";
import { removeTree } from "./cache";
import { run } from "./command";
import { silent, type Progress } from "./progress";
import { ToolError } from "./tool-error";

/** The oldest Go that can build all of it. */
const NEEDED_GO = { major: 1, minor: 25 };

/** One program to build. */
export interface GoProgram {
  /** Import path of its main package, for example "go.etcd.io/etcd/server/v3". */
  readonly package: string;
  /** File to write. */
  readonly output: string;
}

/** Published Go modules. */
export interface GoModules {
  /** Each as `path@version`. */
  readonly require: readonly string[];
  /**
   * Where a module is published under another path than its go.mod says, each as `path=published-path@version`; what is required of
   * such a path may have any version.
   * @default - none
   */
  readonly replace?: readonly string[];
}

/** Builds programs out of published Go modules. */
export async function buildGoModules(
  modules: GoModules,
  programs: readonly GoProgram[],
  progress: Progress = silent,
): Promise<void> {
  await ensureGo(progress);
  // `go install module@version` refuses modules with replace directives, and etcd's have some; a module of our own that
  // requires them may ignore those.
  const dir = await mkdtemp(path.join(tmpdir(), "cdktf-etcd-go-"));
  try {
    await writeFile(path.join(dir, "go.mod"), "module lab.invalid/build\n");
    if (modules.replace !== undefined) {
      await go(dir, ["mod", "edit", ...modules.replace.map((directive) => `-replace=${directive}`)]);
    }
    await go(dir, ["get", ...modules.require]);
    for (const program of programs) await build(dir, program);
  } finally {
    await removeTree(dir);
  }
}

/** Builds a program of the Go module in `sourceDir`, which is left untouched. */
export async function buildGoSource(sourceDir: string, program: GoProgram, progress: Progress = silent): Promise<void> {
  await inCopyOf(sourceDir, (dir) => build(dir, program), progress);
}

/** Builds a package's tests, of the Go module in `sourceDir`, as a program of their own; `go vet` looks at the whole module first. */
export async function buildGoTests(sourceDir: string, tests: GoProgram, progress: Progress = silent): Promise<void> {
  const argv = ["test", "-c", "-trimpath", "-buildvcs=false", "-o", tests.output, tests.package];
  await inCopyOf(
    sourceDir,
    async (dir) => {
      await go(dir, ["vet", "./..."]);
      await go(dir, argv);
    },
    progress,
  );
}

async function inCopyOf(sourceDir: string, work: (dir: string) => Promise<void>, progress: Progress): Promise<void> {
  await ensureGo(progress);
  const dir = await mkdtemp(path.join(tmpdir(), "cdktf-etcd-go-"));
  try {
    await cp(sourceDir, dir, { recursive: true });
    await work(dir);
  } finally {
    await removeTree(dir);
  }
}

async function build(dir: string, program: GoProgram): Promise<void> {
  await mkdir(path.dirname(program.output), { recursive: true });
  await go(dir, ["build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", program.output, program.package]);
}

async function go(cwd: string, args: readonly string[]): Promise<void> {
  await run(["go", ...args], { cwd, env: { CGO_ENABLED: "0", GOWORK: "off" }, nice: true });
}

async function ensureGo(progress: Progress): Promise<void> {
  await ensureCommands(["go"], progress);
  const version = (await run(["go", "env", "GOVERSION"])).trim();
  const found = /^go(\d+)\.(\d+)/.exec(version);
  const major = Number(found?.[1] ?? 0);
  const minor = Number(found?.[2] ?? 0);
  if (major > NEEDED_GO.major || (major === NEEDED_GO.major && minor >= NEEDED_GO.minor)) return;
  // From 1.21 on, Go fetches the version that a module asks for, unless it is told not to.
  const toolchain = await run(["go", "env", "GOTOOLCHAIN"]);
  if (minor >= 21 && toolchain.trim() !== "local") return;
  throw new ToolError(
    `Go ${NEEDED_GO.major}.${NEEDED_GO.minor} or newer is needed to build what cannot be downloaded; this machine has ${version}.`,
    "Put a newer Go from https://go.dev/dl on PATH, or let this machine reach github.com and registry.terraform.io.",
  );
}
