import { appendFile, mkdir, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { goSourcesOf } from "../../../lab/tools/go-sources";
import { useScratchDir } from "./scratch";

const scratch = useScratchDir();

const FILES: Readonly<Record<string, string>> = {
  "go.mod": "module lab.invalid/things\n\ngo 1.24\n",
  "go.sum": "",
  "one/main.go": 'package main\n\nimport "lab.invalid/things/shared"\n',
  "one/main_test.go": "package main\n",
  "one/notes.md": "",
  "two/main.go": 'package main\n\nimport (\n\t"fmt"\n\n\talias "lab.invalid/things/shared"\n)\n',
  "shared/shared.go": 'package shared\n\nimport "lab.invalid/things/deep/er"\n',
  "shared/shared_test.go": "package shared\n",
  "deep/er/deeper.go": 'package er\n\nimport "example.com/other"\n',
};

beforeEach(async () => {
  for (const [file, text] of Object.entries(FILES)) {
    await mkdir(path.dirname(path.join(scratch(), file)), { recursive: true });
    await writeFile(path.join(scratch(), file), text);
  }
});

const sourcesOf = (name: string, tests = false) => goSourcesOf(path.join(scratch(), name), tests);

test("a program is made of its module's files, its own, and those that it imports of the module", async () => {
  const shared = ["deep/er/deeper.go", "go.mod", "go.sum"];
  expect(await sourcesOf("one")).toEqual({
    module: scratch(),
    package: "./one",
    files: [...shared, "one/main.go", "shared/shared.go"],
    hash: expect.stringMatching(/^[0-9a-f]{12}$/) as string,
  });
  expect((await sourcesOf("two")).files).toEqual([...shared, "shared/shared.go", "two/main.go"]);
  expect((await sourcesOf("deep/er")).files).toEqual(shared);
});

test("tests are part of it if asked for, but not those of what it imports", async () => {
  const { files } = await sourcesOf("one", true);
  expect(files).toContain("one/main_test.go");
  expect(files).not.toContain("shared/shared_test.go");
});

test("a module's own directory can be the package", async () => {
  await writeFile(path.join(scratch(), "main.go"), "package main\n");
  expect(await goSourcesOf(scratch())).toMatchObject({ package: "./", files: ["go.mod", "go.sum", "main.go"] });
});

test.each([
  ["one/main.go", ["one"]],
  ["shared/shared.go", ["one", "two"]],
  ["deep/er/deeper.go", ["one", "two"]],
  ["go.sum", ["one", "two"]],
  ["one/notes.md", []],
  ["one/main_test.go", []],
])("an edit of %s makes these programs anew: %j", async (file, expected) => {
  const hashes = () => Promise.all(["one", "two"].map(async (name) => (await sourcesOf(name)).hash));
  const before = await hashes();
  await appendFile(path.join(scratch(), file), "// more\n");
  const after = await hashes();
  expect(["one", "two"].filter((_, i) => before[i] !== after[i])).toEqual(expected);
});

test("a directory outside of any module is refused", async () => {
  await expect(goSourcesOf("/dev")).rejects.toThrow("no go.mod");
});
