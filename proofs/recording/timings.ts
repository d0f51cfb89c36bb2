import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import type { PhaseSeconds } from "./phases";

/** What a test waited for while it ran. */
export type TimingEntry = DeployTiming | WaitTiming;

/** One run of cdktf or Terraform. */
export interface DeployTiming {
  readonly kind: "deploy";
  /** For example "deploy", "diff" or "terraform apply". */
  readonly command: string;
  /** The test that it was for, if any: set-up belongs to none. */
  readonly test?: string;
  readonly seconds: number;
  readonly phases: PhaseSeconds;
}

/** "boot" is a machine or the whole lab that came up outside of a deploy; "wait" is for anything else to happen. */
export interface WaitTiming {
  readonly kind: "boot" | "wait";
  readonly what: string;
  readonly seconds: number;
}

/** Notes it where the suite wants it noted. What runs outside of the suite names no such file. */
export function recordTiming(entry: TimingEntry): void {
  const file = process.env.CDKTF_ETCD_TIMINGS;
  if (file === undefined || file === "") return;
  mkdirSync(path.dirname(file), { recursive: true });
  appendFileSync(file, `${JSON.stringify(entry)}\n`);
}

/** What was noted in each file of a directory, by the file's name without its suffix; nothing where there is no such directory. */
export function readTimings(directory: string): Map<string, TimingEntry[]> {
  const files = existsSync(directory) ? readdirSync(directory).filter((file) => file.endsWith(".jsonl")) : [];
  return new Map(files.map((file) => [path.basename(file, ".jsonl"), entriesIn(path.join(directory, file))]));
}

function entriesIn(file: string): TimingEntry[] {
  // A process that was killed while it wrote leaves half of a line, without an end.
  const lines = readFileSync(file, "utf8").split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line) as TimingEntry);
}
