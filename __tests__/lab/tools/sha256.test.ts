import { writeFile } from "node:fs/promises";
import * as path from "node:path";
import { sha256OfFile, sha256OfText, sha256OfFiles } from "../../../lab/tools/sha256";
import { useScratchDir } from "./scratch";

const scratch = useScratchDir();
const ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

test("the hash of a text and of a file with that text", async () => {
  await writeFile(path.join(scratch(), "f"), "abc");
  expect(sha256OfText("abc")).toBe(ABC);
  expect(await sha256OfFile(path.join(scratch(), "f"))).toBe(ABC);
});

test("the hash of several files changes with their names and contents", async () => {
  for (const name of ["a", "b"]) await writeFile(path.join(scratch(), name), "abc");
  const first = await sha256OfFiles(scratch(), ["a"]);
  expect(await sha256OfFiles(scratch(), ["a"])).toBe(first);
  expect(await sha256OfFiles(scratch(), ["b"])).not.toBe(first);
  expect(await sha256OfFiles(scratch(), ["a", "b"])).not.toBe(first);
  await writeFile(path.join(scratch(), "a"), "abd");
  expect(await sha256OfFiles(scratch(), ["a"])).not.toBe(first);
});
