import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readJson, writeAtomically } from "../../../lab/tools/files";

const directory = mkdtempSync(join(tmpdir(), "records-"));
afterAll(() => {
  rmSync(directory, { recursive: true });
});

describe("a record", () => {
  it("is read back, and what cannot be read is not there", () => {
    const path = join(directory, "deep", "record.json");
    expect(readJson(path)).toBeUndefined();
    writeAtomically(path, '{"a":1}');
    expect(readJson(path)).toEqual({ a: 1 });
    writeFileSync(path, '{"a":');
    expect(readJson(path)).toBeUndefined();
  });
});
