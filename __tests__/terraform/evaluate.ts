import { readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { App, Fn, TerraformLocal, TerraformStack } from "cdktf";
import { runTool } from "../tools";

/**
 * What Terraform makes of values of CDKTF's, within an expression and outside of one.
 *
 * @param outdir where the stack is synthesized; it must not be there
 */
export function evaluate(
  outdir: string,
  build: (stack: TerraformStack) => Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const app = new App({ outdir, skipValidation: true });
  const stack = new TerraformStack(app, "test");
  const values = Object.entries(build(stack)).map(([name, value]) => [
    name,
    new TerraformLocal(stack, name, value).friendlyUniqueId,
  ]);
  app.synth();
  const cwd = path.join(outdir, "stacks", "test");
  const file = path.join(cwd, "cdk.tf.json");
  const { locals } = JSON.parse(readFileSync(file, "utf8")) as { locals: unknown };
  writeFileSync(file, JSON.stringify({ locals }));
  const fields = values.map(([name, local]) => `${JSON.stringify(name)} = local.${local}`).join(", ");
  const { status, stdout, output } = runTool("terraform", ["console"], {
    cwd,
    // base64, as the console would print template markers in a text as escapes of its own.
    input: `base64encode(jsonencode({ ${fields} }))\n`,
    env: { CHECKPOINT_DISABLE: "1", TF_CLI_ARGS: "" },
  });
  const encoded = /^"([A-Za-z0-9+/=]*)"$/m.exec(stdout);
  if (status !== 0 || encoded === null) throw new Error(`terraform can't work it out:\n${output.slice(0, 2000)}`);
  return JSON.parse(Buffer.from(encoded[1], "base64").toString("utf8")) as Record<string, unknown>;
}

/** A text that CDKTF takes for one that only Terraform knows. */
export function unknownYet(stack: TerraformStack, id: string, text: string): string {
  return new TerraformLocal(stack, id, Fn.base64decode(Buffer.from(text).toString("base64"))).asString;
}
