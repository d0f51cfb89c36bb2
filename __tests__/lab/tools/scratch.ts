import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";

/** Gives each test a directory of its own and the lab's cache a place in it; returns a function that names it. */
export function useScratchDir(): () => string {
  const outside = { XDG_CACHE_HOME: process.env.XDG_CACHE_HOME, TERRAFORM_LAB_CACHE: process.env.TERRAFORM_LAB_CACHE };
  let dir = "";
  beforeEach(async () => {
    dir = await mkdtemp(path.join(tmpdir(), "cdktf-etcd-test-"));
    process.env.XDG_CACHE_HOME = path.join(dir, "cache");
    delete process.env.TERRAFORM_LAB_CACHE;
  });
  afterEach(async () => {
    for (const [name, value] of Object.entries(outside)) {
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
    await rm(dir, { recursive: true, force: true });
  });
  return () => dir;
}
