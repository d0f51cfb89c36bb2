import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { attempt, run } from "../tools/command";

/** The switch cannot be built on this machine; the message says what to install. */
export class WanBuildError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "WanBuildError";
  }
}

export interface WanBinary {
  readonly path: string;
  /** Hash of the sources it was built from; the running switch reports it too. */
  readonly build: string;
}

const SOURCES = join(__dirname, "switch");

function cacheDirectory(): string {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "cdktf-etcd");
}

/** Builds the switch, unless one of exactly these sources lies in the cache. */
export async function buildWan(sources = SOURCES, cache = cacheDirectory()): Promise<WanBinary> {
  const files = readdirSync(sources)
    .filter((name) => name === "go.mod" || (name.endsWith(".go") && !name.endsWith("_test.go")))
    .sort();
  const hash = createHash("sha256");
  for (const name of files) {
    hash
      .update(`${name}\0`)
      .update(readFileSync(join(sources, name)))
      .update("\0");
  }
  const build = hash.digest("hex").slice(0, 16);
  const path = join(cache, `wan-${build}`, "wan");
  if (existsSync(path)) {
    return { path, build };
  }
  const version = await attempt(["go", "version"]).catch(() => undefined);
  if (version?.status !== 0) {
    throw new WanBuildError(
      "the lab's WAN is a small Go program and there is no `go` in PATH; install Go 1.18 or later, for example: apt-get install golang-go",
    );
  }
  mkdirSync(cache, { recursive: true });
  const scratch = mkdtempSync(join(cache, ".wan-"));
  try {
    // Nothing is fetched: the program uses the standard library only. It must not be taken for part of a Go workspace around it.
    const env = {
      CGO_ENABLED: "0",
      GOFLAGS: "-mod=mod",
      GOPROXY: "off",
      GOWORK: "off",
      GOTOOLCHAIN: "local",
    };
    const target = join(scratch, "wan");
    await run(["go", "build", "-trimpath", "-ldflags", `-s -w -X main.build=${build}`, "-o", target, "."], {
      cwd: sources,
      env,
    });
    try {
      renameSync(scratch, dirname(path));
    } catch (error) {
      // Somebody else built the same in the meantime.
      if (!existsSync(path)) {
        throw error;
      }
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return { path, build };
}
