import { readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { App, TerraformStack } from "cdktf";
import { runTool } from "../tools";

/** What Terraform knows only once it has applied: an attribute of a resource. */
const ATTRIBUTE = /\b(?:digitalocean|tls)_[a-z0-9_]+\.[\w-]+\.[a-z0-9_.]+|\bterraform_data\.[\w-]+\.[a-z0-9_.]+/g;

/** A value of the attribute's kind: templates take the public keys of SSH apart. */
function valueOf(attribute: string): string {
  return attribute.endsWith("_openssh") ? `ssh-ed25519 ${attribute}` : attribute;
}

/**
 * What Terraform makes of an expression over the locals of a node's bundle. Their values are as in a deploy, but that attributes of
 * resources have their own names for values.
 *
 * @param outdir where the stack is synthesized; it must not be there
 * @param expressionOf is given the names of the locals
 */
export function workOut(
  outdir: string,
  build: (stack: TerraformStack) => void,
  expressionOf: (locals: readonly string[]) => string,
): unknown {
  const app = new App({ outdir, skipValidation: true });
  build(new TerraformStack(app, "test"));
  app.synth();
  const cwd = path.join(outdir, "stacks", "test");
  const file = path.join(cwd, "cdk.tf.json");
  const { locals } = JSON.parse(readFileSync(file, "utf8")) as { locals: Record<string, unknown> };
  const bundles = Object.fromEntries(Object.entries(locals).filter(([local]) => local.includes("_bundle_")));
  const known = JSON.stringify(bundles).replace(ATTRIBUTE, (attribute) => `\\"${valueOf(attribute)}\\"`);
  writeFileSync(file, `{"locals":${known}}`);
  const { status, stdout, output } = runTool("terraform", ["console"], {
    cwd,
    input: `nonsensitive(jsonencode(${expressionOf(Object.keys(bundles))}))\n`,
    env: { CHECKPOINT_DISABLE: "1", TF_CLI_ARGS: "" },
  });
  // It ends well after errors in the locals, too.
  if (status !== 0 || !stdout.startsWith('"'))
    throw new Error(`terraform can't work it out:\n${output.slice(0, 2000)}`);
  return JSON.parse(JSON.parse(stdout) as string);
}
