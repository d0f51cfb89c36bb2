import { renameSync, rmSync, writeFileSync } from "node:fs";
import { ValidationError } from "../validation-error";

/**
 * Writes a file completely or not at all: to a temporary file beside it, which is then renamed.
 *
 * @throws ValidationError where it cannot be written
 */
export function writeAtomically(option: string, file: string, text: string): void {
  const beside = `${file}.${process.pid}.tmp`;
  try {
    writeFileSync(beside, text);
    renameSync(beside, file);
  } catch (error) {
    rmSync(beside, { force: true });
    throw new ValidationError({
      what: option,
      given: file,
      expected: "a file that can be written",
      mend: `name another, or mend it (${error instanceof Error ? error.message : String(error)})`,
    });
  }
}
