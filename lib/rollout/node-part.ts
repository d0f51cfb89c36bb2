import { Fn } from "cdktf";

/** One file on a node, by its path. */
export interface NodeFile {
  readonly mode: string;
  readonly owner: string;
  readonly content: unknown;
}

/** Files on a node: path -> file. */
export type NodeFiles = Record<string, NodeFile>;

/** Where the node scripts are. */
export const SCRIPTS = "/usr/local/lib/cdktf-etcd";

/** Where systemd's units are. */
export const UNITS = "/etc/systemd/system";

/** What one feature adds to every node, beside the member itself. */
export interface NodePart {
  readonly files: NodeFiles;
  /** Files that hold secrets; only a hash of them reaches a trigger, and that one is marked sensitive. */
  readonly secrets?: NodeFiles;
  /** Timer units, by name, and whether they are to run. */
  readonly timers?: Readonly<Record<string, boolean>>;
  /** Debian packages, each of which has a command of its own name. */
  readonly packages?: readonly string[];
}

/** A file that anybody may read. */
export function text(content: unknown): NodeFile {
  return { mode: "0644", owner: "root:root", content };
}

/** A command for root. */
export function script(content: unknown): NodeFile {
  return { mode: "0755", owner: "root:root", content };
}

/** A file that its owner alone reads. */
export function secret(owner: string, content: string, mode = "0400"): NodeFile {
  // Terraform hides all output of a step whose script is marked sensitive, and with it the progress and every error.
  // The script itself is never shown: neither in plans nor in logs. What was not sensitive before is made so first:
  // nonsensitive() refuses it otherwise in older Terraforms.
  return { mode, owner, content: Fn.nonsensitive(Fn.sensitive(content)) };
}
