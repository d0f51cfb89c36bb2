import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import type { PhaseSeconds } from "./phases";

/** A wait of a test. */
export type TimingEntry = DeployTiming | WaitTiming;

/** One run of cdktf or Terraform. */
export interface DeployTiming {
  readonly kind: "deploy";
  /** For example "deploy", "diff" or "terraform apply". */
  readonly command: string;
  /** The test that ran it; undefined in set-up. */
  readonly test?: string;
  readonly seconds: number;
  readonly phases: PhaseSeconds;
}

/** "boot" is for a machine or the whole lab outside of a deploy; "wait" is for anything else. */
export interface WaitTiming {
  readonly kind: "boot" | "wait";
  readonly what: string;
  readonly seconds: number;
}

/** Appends an entry to the file that the suite has set; does nothing outside of the suite. */
export function recordTiming(entry: TimingEntry): void {
  const file = process.env.CDKTF_ETCD_TIMINGS;
  if (file === undefined || file === "") return;
  mkdirSync(path.dirname(file), { recursive: true });
  appendFileSync(file, `${JSON.stringify(entry)}\n`);
}

/** The entries of each file in a directory, by the file's name without its suffix; empty without such a directory. */
export function readTimings(directory: string): Map<string, TimingEntry[]> {
  const files = existsSync(directory) ? readdirSync(directory).filter((file) => file.endsWith(".jsonl")) : [];
  return new Map(files.map((file) => [path.basename(file, ".jsonl"), entriesIn(path.join(directory, file))]));
}

function entriesIn(file: string): TimingEntry[] {
  // A process that was killed during a write leaves an incomplete last line.
  const lines = readFileSync(file, "utf8").split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line) as TimingEntry);
}
