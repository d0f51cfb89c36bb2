import * as path from "node:path";
import { Fn, Token } from "cdktf";
import { literal } from "../terraform/literal";
import { Templates } from "../terraform/templates";

/** One file on a node. */
export interface NodeFile {
  readonly mode: string;
  readonly owner: string;
  readonly content: unknown;
}

/** Files on a node, by their paths there. */
export type NodeFiles = Record<string, NodeFile>;

/** Where the node scripts are. */
export const SCRIPTS = "/usr/local/lib/cdktf-etcd";

/** Where systemd's units are. */
export const UNITS = "/etc/systemd/system";

/** What one feature puts on a node. */
export interface NodePart {
  readonly files?: NodeFiles;
  /**
   * Private keys. They change only with their certificates, which are among the files, so no digest is made of them.
   */
  readonly keys?: NodeFiles;
  /** Files that hold other secrets. Only a hash of them reaches a trigger, and that one is marked sensitive. */
  readonly secrets?: NodeFiles;
  /** Timers, and services that deploys start, by the units' names, and whether they are to be enabled. */
  readonly timers?: Readonly<Record<string, boolean>>;
  /** Debian packages, each of which has a command of its own name. */
  readonly packages?: readonly string[];
  /** What is done as the node's files are staged. */
  readonly staging?: NodeStaging;
}

/**
 * Shell commands in the script that stages a node's files, each a file of `templates/`. They find the staged files
 * below "$stage", and print messages by `say` and `fail`. The script stops at the first command that fails.
 */
export interface NodeStaging {
  /**
   * Fails if these files must not be staged. Packages and etcd's programs are installed by then; nothing else has
   * changed.
   */
  readonly check?: string;
  /** What has to be done before the files count as staged, once no check has ended the script. */
  readonly prepare?: string;
  /** What is done once they are staged. */
  readonly end?: string;
}

/** A file that anybody may read. */
export function text(content: unknown): NodeFile {
  return { mode: "0644", owner: "root:root", content };
}

/** A file that its owner alone reads. */
export function secret(owner: string, content: string, mode = "0400"): NodeFile {
  return { mode, owner, content: withoutMark(content) };
}

/**
 * What a script may hold although it is a secret, such as a URL with a password. Terraform would hide all output of a
 * step with a sensitive script, progress and errors included. The script itself appears neither in plans nor in logs.
 */
export function notSensitive(text: string): string {
  return Token.isUnresolved(text) ? withoutMark(text) : text;
}

/** Marked first, because older versions of Terraform refuse to remove a mark that is not there. */
function withoutMark(text: string): string {
  return Fn.nonsensitive(Fn.sensitive(literal(text))) as string;
}

/** Commands for root, by their files in `templates/`. On the node they have no ".sh". */
export function commands(templates: Templates, ...files: readonly string[]): NodeFiles {
  return Object.fromEntries(
    files.map((file) => [
      `${SCRIPTS}/${path.basename(file, ".sh")}`,
      { mode: "0755", owner: "root:root", content: templates.file(file) },
    ]),
  );
}

/** Scripts that commands source, by their files in `templates/`. */
export function libraries(templates: Templates, ...files: readonly string[]): NodeFiles {
  return Object.fromEntries(files.map((file) => [`${SCRIPTS}/${path.basename(file)}`, text(templates.file(file))]));
}

/** Units that are the same on every node, by their files in `templates/`. */
export function units(templates: Templates, ...files: readonly string[]): NodeFiles {
  return Object.fromEntries(files.map((file) => [`${UNITS}/${path.basename(file)}`, text(templates.file(file))]));
}
