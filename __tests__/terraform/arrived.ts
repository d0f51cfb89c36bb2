import { runCommand } from "../tools";
import { EvaluatedStack } from "./evaluate-stack";

/** The only value in a record whose name begins so. */
function one<T>(record: Readonly<Record<string, T>>, begin: string): T {
  const found = Object.keys(record).filter((name) => name.startsWith(begin));
  if (found.length !== 1)
    throw new Error(`${found.length} begin with ${begin}, among ${Object.keys(record).join(", ")}`);
  return record[found[0]];
}

/** The arguments of a resource of that type; `begin` is its path with underscores. */
export function resourceOf({ resources }: EvaluatedStack, type: string, begin: string): Record<string, unknown> {
  return one(resources[type], begin);
}

/** A Terraform local; `begin` is its path with underscores. */
export function localOf({ locals }: EvaluatedStack, begin: string): unknown {
  return one(locals, begin);
}

/**
 * What lands in a file on a host.
 *
 * @param member the path of its EtcdMember, with underscores
 */
export function fileOn(stack: EvaluatedStack, member: string, file: string): string {
  const kinds = ["files", "keys", "secrets"].map((kind) => localOf(stack, `${member}_bundle_${kind}_`));
  const found = (Object.assign({}, ...kinds) as Record<string, { content: string } | undefined>)[file];
  if (found === undefined) throw new Error(`no ${file} on ${member}`);
  return found.content;
}

/** A variable, as the shell reads it from a file. */
export function shellVariable(file: string, name: string): string {
  const { status, stdout, output } = runCommand("sh", ["-eu"], { input: `${file}\nprintf '%s.' "$${name}"` });
  if (status !== 0) throw new Error(output);
  return stdout.slice(0, -1);
}

/** A variable, as systemd reads it from an EnvironmentFile (systemd.exec(5)): all of it between single quotes, or none. */
export function environmentVariable(file: string, name: string): string | undefined {
  const value = new RegExp(`^${name}=(.*)$`, "m").exec(file)?.[1];
  return /^'([^'\\]*)'$/.exec(value ?? "")?.[1] ?? value?.replace(/\\(.)/gu, "$1");
}

/** An option, as rclone reads it from its configuration: backticks around it are none of its own. */
export function rcloneOption(file: string, name: string): string | undefined {
  return new RegExp(`^${name} = (.*)$`, "m").exec(file)?.[1].replace(/^`(.*)`$/u, "$1");
}

/** The rest of the line that begins so. */
export function restOf(text: string, begin: string): string | undefined {
  return text
    .split("\n")
    .find((line) => line.startsWith(begin))
    ?.slice(begin.length);
}
