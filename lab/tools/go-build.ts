import { cp, mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { ensureCommands } from "./apt";
import { removeTree } from "./cache";
import { run } from "./command";
import type { GoSources } from "./go-sources";
import { silent, type Progress } from "./progress";
import { ToolError } from "./tool-error";

/** The oldest Go that can build every published module that the lab uses. */
const PUBLISHED_NEED: GoVersion = { major: 1, minor: 25 };

/** A program of published modules. */
export interface GoProgram {
  /** Import path of its main package, for example "go.etcd.io/etcd/server/v3". */
  readonly package: string;
  /** File to write. */
  readonly output: string;
  /**
   * Whether it is built with Go's race detector, which needs a C compiler: the program then ends with 66 if two goroutines
   * have used a value at once.
   * @default false
   */
  readonly race?: boolean;
}

/** Published Go modules. */
export interface GoModules {
  /** Each as `path@version`. */
  readonly require: readonly string[];
  /**
   * Modules published under another path than that in their go.mod, each as `path=published-path@version`; the version
   * of such a path in `require` is ignored.
   * @default - none
   */
  readonly replace?: readonly string[];
}

/** Builds programs from published Go modules. */
export async function buildGoModules(
  modules: GoModules,
  programs: readonly GoProgram[],
  progress: Progress = silent,
): Promise<void> {
  await ensureCommands(["go"], progress);
  await requireGo(
    PUBLISHED_NEED,
    "Put a newer Go from https://go.dev/dl on PATH, or let this machine reach github.com and registry.terraform.io.",
  );
  // `go install module@version` refuses modules with replace directives; in a module of our own that requires them,
  // these directives are ignored.
  const dir = await mkdtemp(path.join(tmpdir(), "terraform-lab-go-"));
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

/** Builds a program of this repository. */
export async function buildGoSources(
  sources: GoSources,
  output: string,
  progress: Progress = silent,
  { race }: Pick<GoProgram, "race"> = {},
): Promise<void> {
  if (race === true) await ensureCommands(["cc"], progress);
  await inCopyOf(sources, (dir) => build(dir, { package: sources.package, output, race }), progress);
}

/** Builds a package's tests as a program, after `go vet` of the package and of what it imports from its module. */
export async function buildGoTests(sources: GoSources, output: string, progress: Progress = silent): Promise<void> {
  const argv = ["test", "-c", "-trimpath", "-buildvcs=false", "-o", output, sources.package];
  await inCopyOf(
    sources,
    async (dir) => {
      await go(dir, ["vet", "./..."]);
      await go(dir, argv);
    },
    progress,
  );
}

/** Works on a copy of these sources only, so that nothing else gets into a build that is cached under their hash. */
async function inCopyOf(sources: GoSources, work: (dir: string) => Promise<void>, progress: Progress): Promise<void> {
  await ensureCommands(["go"], progress);
  const dir = await mkdtemp(path.join(tmpdir(), "terraform-lab-go-"));
  try {
    for (const file of sources.files) await cp(path.join(sources.module, file), path.join(dir, file));
    await work(dir);
  } catch (error) {
    // Checked only after a failure: a Go before 1.21 may build sources of a newer go.mod.
    await requireGo(await goOf(sources), "Put a newer Go from https://go.dev/dl on PATH.", { cause: error });
    throw error;
  } finally {
    await removeTree(dir);
  }
}

async function build(dir: string, { output, package: name, race = false }: GoProgram): Promise<void> {
  await mkdir(path.dirname(output), { recursive: true });
  const options = ["-trimpath", "-buildvcs=false", "-ldflags=-s -w", ...(race ? ["-race"] : [])];
  await go(dir, ["build", ...options, "-o", output, name], race);
}

async function go(cwd: string, args: readonly string[], cgo = false): Promise<void> {
  await run(["go", ...args], { cwd, env: { CGO_ENABLED: cgo ? "1" : "0", GOWORK: "off" }, nice: true });
}

interface GoVersion {
  readonly major: number;
  readonly minor: number;
}

/** The version in a text such as "go1.25.3", or in a go.mod's line. */
function goVersion(text: string): GoVersion {
  const found = /^go *(\d+)\.(\d+)/m.exec(text);
  return { major: Number(found?.[1] ?? 0), minor: Number(found?.[2] ?? 0) };
}

/** The oldest Go that the sources' go.mod is written for. */
async function goOf({ module }: GoSources): Promise<GoVersion> {
  return goVersion(await readFile(path.join(module, "go.mod"), "utf8"));
}

/** @throws ToolError unless this machine has that Go, a newer one, or one that downloads the version it needs */
async function requireGo(needed: GoVersion, remedy: string, options?: ErrorOptions): Promise<void> {
  const version = (await run(["go", "env", "GOVERSION"])).trim();
  const { major, minor } = goVersion(version);
  if (major > needed.major || (major === needed.major && minor >= needed.minor)) return;
  // From 1.21 on, Go downloads the version that a module asks for, unless GOTOOLCHAIN is local.
  const toolchain = await run(["go", "env", "GOTOOLCHAIN"]);
  if (minor >= 21 && toolchain.trim() !== "local") return;
  throw new ToolError(
    `Go ${needed.major}.${needed.minor} or newer is needed to build this; this machine has ${version}.`,
    remedy,
    options,
  );
}
