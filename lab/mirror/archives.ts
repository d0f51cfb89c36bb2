import { mkdirSync, readdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import * as path from "node:path";

/** Has the mirror serve an archive as that of a suite, from now on and whichever process asks for it. */
export function serveArchive(links: string, suite: string, archive: string): void {
  mkdirSync(links, { recursive: true });
  // Replaced at once: a machine may be fetching from it.
  const fresh = path.join(links, `.${suite}.${process.pid}`);
  rmSync(fresh, { force: true });
  symlinkSync(archive, fresh);
  renameSync(fresh, path.join(links, suite));
}

/** The archives that the mirror serves, by URL prefix. */
export function archiveMounts(links: string): Readonly<Record<string, string>> {
  return Object.fromEntries(suitesIn(links).map((suite) => [`/debian/${suite}/`, path.join(links, suite)]));
}

function suitesIn(links: string): string[] {
  try {
    return readdirSync(links).filter((name) => !name.startsWith("."));
  } catch {
    return []; // no machine has been made yet
  }
}
