import * as path from "node:path";
import { cached } from "./cache";
import { buildGoSource } from "./go-build";
import { hostArch } from "./platform";
import { silent, type Progress } from "./progress";
import { sha256OfTree } from "./sha256";

/** A program of this project's own in Go. */
export interface OwnGoProgram {
  /** Of the program's file, and in the cache. */
  readonly name: string;
  /** For whoever waits for it, for example "the lab's probe". */
  readonly title: string;
  /** Directory of its module, with the main package. */
  readonly sources: string;
}

/** Builds a program, once for each state of its sources; returns its path. */
export async function ensureGoProgram(program: OwnGoProgram, progress: Progress = silent): Promise<string> {
  const { name, title, sources } = program;
  const dir = await cached(
    { name, version: `${await hashOfGoSources(sources)}-linux-${hostArch()}` },
    async (work) => {
      progress(`Building ${title} (about a minute)`);
      await buildGoSource(sources, { package: ".", output: path.join(work, name) }, progress);
    },
    progress,
  );
  return path.join(dir, name);
}

/** Changes with whatever a program built of these sources is made of; tests are no part of it. */
export function hashOfGoSources(sources: string): Promise<string> {
  return hashOf(sources, (file) => isGo(file) && !file.endsWith("_test.go"));
}

/** As {@link hashOfGoSources}, of programs and tests. */
export function hashOfGoTests(sources: string): Promise<string> {
  return hashOf(sources, isGo);
}

function isGo(file: string): boolean {
  return /\.go$|^go\.(mod|sum)$/.test(file);
}

async function hashOf(sources: string, take: (file: string) => boolean): Promise<string> {
  return (await sha256OfTree(sources, take)).slice(0, 12);
}
