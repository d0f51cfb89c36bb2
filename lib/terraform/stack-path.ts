import * as path from "node:path";
import { App, TerraformStack } from "cdktf";
import { IConstruct } from "constructs";

/** Terraform runs in the stack's folder; a path written relative to it is the same on every machine. */
export function relativeToStack(scope: IConstruct, directory: string): string {
  if (path.isAbsolute(directory)) return directory;
  const stack = TerraformStack.of(scope);
  const app = stack.node.root;
  const outdir = App.isApp(app) ? app.outdir : "cdktf.out";
  const stackDirectory = path.resolve(outdir, "stacks", stack.node.id);
  return path.relative(stackDirectory, path.resolve(directory)).split(path.sep).join("/");
}
