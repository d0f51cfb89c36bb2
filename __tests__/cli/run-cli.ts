import { run } from "../../lib/cli/run";

/** What a command line came to. */
export interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the tool in this process, where the command does not have to wait. */
export function cli(...args: string[]): Ran {
  const { streams, console } = captured();
  const status = run(args, console);
  if (typeof status !== "number") throw new Error(`${args[0]} has to be waited for`);
  return { status, ...streams };
}

/** Runs the tool in this process to its end. */
export async function cliToEnd(...args: string[]): Promise<Ran> {
  const { streams, console } = captured();
  const status = await run(args, console);
  return { status, ...streams };
}

function captured() {
  const streams = { stdout: "", stderr: "" };
  const console = {
    out: (text: string): string => (streams.stdout += text),
    error: (text: string): string => (streams.stderr += text),
  };
  return { streams, console };
}
