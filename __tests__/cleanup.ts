import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";

/**
 * Undoes what setting up made, the last first. Where that failed half-way, only what was made by then is undone.
 *
 * @param hook when: at the end of the file, or of the `describe` that this is called in, unless told
 * @returns a function that notes how to undo something; to be called once that is made
 */
export function useCleanup(hook: (cleanUp: () => Promise<void>) => void = afterAll): (undo: () => unknown) => void {
  const undoings: (() => unknown)[] = [];
  hook(async () => {
    const errors: unknown[] = [];
    for (let undo = undoings.pop(); undo !== undefined; undo = undoings.pop()) {
      try {
        await undo();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  });
  return (undo) => {
    undoings.push(undo);
  };
}

/** Has the process work in an empty directory until the end: apps write clients' files to where they run. */
export function workInScratch(atEnd: (undo: () => unknown) => void): void {
  const before = process.cwd();
  const directory = mkdtempSync(path.join(tmpdir(), "cdktf-etcd-app-"));
  process.chdir(directory);
  atEnd(() => {
    process.chdir(before);
    rmSync(directory, { recursive: true });
  });
}
