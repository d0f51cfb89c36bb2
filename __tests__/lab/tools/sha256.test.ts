import { mkdir, rename, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { sha256OfFile, sha256OfText, sha256OfTree } from "../../../lab/tools/sha256";
import { useScratchDir } from "./scratch";

const scratch = useScratchDir();
const ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

test("the hash of a text and of a file with that text", async () => {
  await writeFile(path.join(scratch(), "f"), "abc");
  expect(sha256OfText("abc")).toBe(ABC);
  expect(await sha256OfFile(path.join(scratch(), "f"))).toBe(ABC);
});

test("the hash of a tree changes with names and contents of the files that count", async () => {
  const sub = path.join(scratch(), "sub");
  const hash = () => sha256OfTree(scratch(), (name) => name.endsWith(".go"));
  await mkdir(sub);
  await writeFile(path.join(sub, "a.go"), "abc");
  const first = await hash();
  await writeFile(path.join(sub, "notes"), "abc");
  expect(await hash()).toBe(first);
  await rename(path.join(sub, "a.go"), path.join(sub, "b.go"));
  expect(await hash()).not.toBe(first);
});
