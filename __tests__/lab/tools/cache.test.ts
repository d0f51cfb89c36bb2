import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { cached, cachePath, cacheRoot } from "../../../lab/tools/cache";
import { useScratchDir } from "./scratch";

const scratch = useScratchDir();
const key = { name: "thing", version: "1.0" };

test("the cache lies in XDG_CACHE_HOME, and in the home directory if that is relative", () => {
  expect(cacheRoot()).toBe(path.join(scratch(), "cache", "terraform-lab"));
  process.env.XDG_CACHE_HOME = "relative";
  expect(cacheRoot()).toMatch(/\/\.cache\/terraform-lab$/);
});

test("an entry is filled once", async () => {
  let fills = 0;
  const fill = async (dir: string) => {
    fills += 1;
    await writeFile(path.join(dir, "file"), "text");
  };
  const first = await cached(key, fill);
  const second = await cached(key, fill);
  expect(first).toBe(cachePath(key));
  expect(second).toBe(first);
  expect(fills).toBe(1);
  expect(await readFile(path.join(first, "file"), "utf8")).toBe("text");
});

test("callers that race wait for the one that fills", async () => {
  let fills = 0;
  const lines: string[] = [];
  const fill = async (dir: string) => {
    fills += 1;
    await new Promise((resolve) => setTimeout(resolve, 600));
    await writeFile(path.join(dir, "file"), "text");
  };
  const dirs = await Promise.all([1, 2, 3].map(() => cached(key, fill, (line) => lines.push(line))));
  expect(new Set(dirs).size).toBe(1);
  expect(fills).toBe(1);
  expect(lines).toContain("Waiting for another run that is preparing thing 1.0");
});

test("a fill that fails leaves nothing behind, and the next one starts afresh", async () => {
  const failing = cached(key, async (dir) => {
    await writeFile(path.join(dir, "half"), "");
    throw new Error("no space");
  });
  await expect(failing).rejects.toThrow("no space");
  await expect(stat(cachePath(key))).rejects.toThrow("ENOENT");
  expect(await readdir(path.join(cacheRoot(), ".work"))).toEqual([]);
  const dir = await cached(key, (work) => writeFile(path.join(work, "whole"), ""));
  expect(await readdir(dir)).toEqual(["whole"]);
});

test("what an interrupted run left is cleared, but not what another entry is being made of", async () => {
  const work = path.join(cacheRoot(), ".work");
  await mkdir(path.join(work, "thing@1.0~dead", "deep"), { recursive: true });
  await mkdir(path.join(work, "thing@1.0.1~busy"), { recursive: true });
  await cached(key, () => Promise.resolve());
  expect(await readdir(work)).toEqual(["thing@1.0.1~busy"]);
});
