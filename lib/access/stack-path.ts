import * as path from "node:path";
import { App, TerraformStack } from "cdktf";
import { Construct } from "constructs";
import { claim } from "../terraform/claims";

/** Where clients' files go by default, relative to where the app runs. */
export const DEFAULT_ACCESS_DIRECTORY = "etcd-access";

/** Terraform runs in the stack's folder; a path written relative to it is the same on every machine. */
export function relativeToStack(scope: Construct, directory: string): string {
  if (path.isAbsolute(directory)) return directory;
  const stack = TerraformStack.of(scope);
  const app = stack.node.root;
  const outdir = App.isApp(app) ? app.outdir : "cdktf.out";
  const stackDirectory = path.resolve(outdir, "stacks", stack.node.id);
  return path.relative(stackDirectory, path.resolve(directory)).split(path.sep).join("/");
}

/**
 * Has a file written by one construct of an app alone.
 *
 * @param file relative to where the app runs, or absolute
 * @throws ValidationError if another one writes it, in whatever stack
 */
export function claimFile(by: Construct, file: string): void {
  claim(by.node.root, `file ${path.resolve(file)}`, by, () => ({
    what: `file ${file}`,
    expected: "a file to be written only once: else one cluster's keys replace another's",
    mend: `give one of the clusters a directory of its own, for example accessDirectory: "etcd-access/${TerraformStack.of(by).node.id}"`,
  }));
}
