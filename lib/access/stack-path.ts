import * as path from "node:path";
import { App, TerraformStack } from "cdktf";
import { Construct } from "constructs";
import { claim } from "../terraform/claims";
import { ValidationError } from "../validation-error";

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
 * @param id of the construct that writes it, within `by`
 * @throws ValidationError if it is written already, in whatever stack
 */
export function claimFile(by: Construct, file: string, id: string): void {
  if (by.node.tryFindChild(id) !== undefined) {
    throw new ValidationError({
      what: `file ${file}`,
      given: "twice",
      expected: "a file to be written only once",
      mend: "leave out one of the two calls that write it",
    });
  }
  claim(by.node.root, `file ${path.resolve(file)}`, by, () => ({
    what: `file ${file}`,
    expected: "a file to be written only once: else one cluster's keys replace another's",
    mend: `give one of the clusters a directory of its own, for example accessDirectory: "etcd-access/${TerraformStack.of(by).node.id}"`,
  }));
}
