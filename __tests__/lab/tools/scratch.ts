import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";

/** Gives each test a directory of its own and the lab's cache a place in it; returns a function that names it. */
export function useScratchDir(): () => string {
  const outside = process.env.XDG_CACHE_HOME;
  let dir = "";
  beforeEach(async () => {
    dir = await mkdtemp(path.join(tmpdir(), "cdktf-etcd-test-"));
    process.env.XDG_CACHE_HOME = path.join(dir, "cache");
  });
  afterEach(async () => {
    if (outside === undefined) delete process.env.XDG_CACHE_HOME;
    else process.env.XDG_CACHE_HOME = outside;
    await rm(dir, { recursive: true, force: true });
  });
  return () => dir;
}
