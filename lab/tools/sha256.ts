import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import * as path from "node:path";
import { pipeline } from "node:stream/promises";

/** The SHA-256 of a file, in lower-case hex. */
export async function sha256OfFile(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}

/** The SHA-256 of a text, in lower-case hex. */
export function sha256OfText(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** One SHA-256 over the names, relative to `dir`, and the contents of files, in the given order. */
export async function sha256OfFiles(dir: string, files: readonly string[]): Promise<string> {
  const hash = createHash("sha256");
  for (const file of files) {
    const content = await readFile(path.join(dir, file));
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex");
}
