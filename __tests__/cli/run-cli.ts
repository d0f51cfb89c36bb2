import { run } from "../../lib/cli/run";

/** What a command line came to. */
export interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the tool in this process. */
export function cli(...args: string[]): Ran {
  let [stdout, stderr] = ["", ""];
  const status = run(args, {
    out: (text) => (stdout += text),
    error: (text) => (stderr += text),
  });
  return { status, stdout, stderr };
}
