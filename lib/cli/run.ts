import { ValidationError } from "../validation-error";
import { didYouMean, nearMatches } from "../near-matches";
import { accessCommand } from "./access";
import { measureCommand } from "./measure";
import { planCommand } from "./plan";
import { reportCommand } from "./report";
import type { Command, Console } from "./usage";
import { parse } from "./usage";

/** Done. */
const OK = 0;
/** What was asked for cannot be done; the message says how to mend it. */
const BAD_USAGE = 2;

const COMMANDS: readonly Command[] = [planCommand, reportCommand, measureCommand, accessCommand];

/** Runs the command that the arguments name, and returns its exit code, or a promise of it. */
export function run(args: readonly string[], console: Console): number | Promise<number> {
  const failed = (error: unknown): number => {
    if (!(error instanceof ValidationError)) throw error;
    console.error(`${error.message}\n`);
    return BAD_USAGE;
  };
  try {
    const [name, ...rest] = args;
    if (args.length === 0) {
      console.error(overview());
      return BAD_USAGE;
    }
    if (["--help", "-h", "help"].includes(name)) {
      console.out(overview());
      return OK;
    }
    const command = commandOf(name);
    const typed = parse(command.name, rest.includes("-h") ? ["--help"] : rest, command.options);
    if (typed.flag("help")) {
      console.out(command.help);
      return OK;
    }
    return command.run(typed, console)?.catch(failed) ?? OK;
  } catch (error) {
    return failed(error);
  }
}

function commandOf(name: string): Command {
  const command = COMMANDS.find((known) => known.name === name);
  if (command !== undefined) return command;
  const names = COMMANDS.map((known) => known.name);
  throw new ValidationError({
    what: "command",
    given: JSON.stringify(name),
    expected: `one of ${names.join(", ")}`,
    mend: `${didYouMean(nearMatches(name, names), names)} See cdktf-etcd --help`,
  });
}

function overview(): string {
  const lines = COMMANDS.map(({ name, summary }) => `  ${name.padEnd(8)} ${summary}`);
  return `cdktf-etcd: plan an etcd cluster across continents, report on one, and connect to it

Usage:
  cdktf-etcd <command> [options]

Commands:
${lines.join("\n")}

cdktf-etcd <command> --help lists a command's options.
Exit codes: 0 done, 1 done in part or access found a drift, 2 something to mend in what was typed, 3 measure --check found one.
`;
}
