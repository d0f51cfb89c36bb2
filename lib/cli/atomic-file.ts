import { renameSync, rmSync, writeFileSync } from "node:fs";
import { ValidationError } from "../validation-error";

/** Mode of a file that is no secret, before the umask. */
const PUBLIC = 0o666;

/**
 * Writes a file completely or not at all: to a temporary file beside it, which is then renamed.
 *
 * @throws ValidationError where it cannot be written
 */
export function writeAtomically(option: string, file: string, text: string): void {
  writeAllAtomically(option, [[file, text]]);
}

/**
 * The same for files that belong together: none is renamed before all are written.
 *
 * @param files each file's name and content
 * @throws ValidationError where one cannot be written
 */
export function writeAllAtomically(
  option: string,
  files: readonly (readonly [file: string, text: string])[],
  mode = PUBLIC,
): void {
  const beside = (file: string): string => `${file}.${process.pid}.tmp`;
  const written: string[] = [];
  let current = "";
  try {
    for (const [file, text] of files) {
      current = file;
      // One that a crash left keeps its mode.
      rmSync(beside(file), { force: true });
      writeFileSync(beside(file), text, { mode, flag: "wx" });
      written.push(beside(file));
    }
    for (const [file] of files) {
      current = file;
      renameSync(beside(file), file);
    }
  } catch (error) {
    for (const file of written) rmSync(file, { force: true });
    throw unwritable(option, current, "a file that can be written", error);
  }
}

/** The error about a file or folder that an option names and that can't be written, with the reason. */
export function unwritable(option: string, given: string, expected: string, reason: unknown): ValidationError {
  return new ValidationError({
    what: option,
    given,
    expected,
    mend: `name another, or mend it (${reason instanceof Error ? reason.message : String(reason)})`,
  });
}
