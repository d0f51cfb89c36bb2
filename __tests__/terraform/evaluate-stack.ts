import { readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { App, TerraformStack } from "cdktf";
import { runTool } from "../tools";

type Bodies = Record<string, Record<string, Body>>;
interface Body extends Record<string, unknown> {
  readonly provisioner?: readonly Record<string, { readonly connection?: unknown }>[];
}

interface Synthesized {
  readonly resource?: Bodies;
  readonly output?: Record<string, { readonly value: unknown }>;
  readonly locals?: Record<string, unknown>;
}

/** What a stack says once Terraform has worked all of it out. */
export interface EvaluatedStack {
  /** Arguments of a resource, by type and name; `connections` are those of its provisioners. */
  readonly resources: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>>;
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly locals: Readonly<Record<string, unknown>>;
  /** The stack as it was synthesized. */
  readonly json: string;
}

/** An attribute that Terraform knows only once it has applied. */
const ATTRIBUTE = /\b(data\.)?((?:digitalocean|tls|local)_[a-z0-9_]+|terraform_data)\.([\w-]+)\.([a-z0-9_]+)/g;

/** Any time, as a string within a string of JSON. */
const TIME = '\\"2026-11-30T00:00:00Z\\"';

/** An expression of the attribute's kind, within a string of JSON. What a resource remembers is what it was given. */
function standIn(attribute: string, data: string | undefined, type: string, name: string, what: string): string {
  if (data !== undefined) return type === "tls_certificate" ? `[{ not_after = ${TIME} }]` : "[]";
  if (type === "terraform_data" && (what === "output" || what === "input")) return `local.${type}--${name}.input`;
  if (what.endsWith("_time")) return TIME;
  return `\\"${what.endsWith("_openssh") ? "ssh-ed25519 " : ""}${attribute}\\"`;
}

/** The arguments, without what is about Terraform's own doings, or text that is no argument. */
function argumentsOf({ provisioner, ...body }: Body): Record<string, unknown> {
  const others = Object.entries(body).filter(([name]) => !["//", "lifecycle", "depends_on", "provider"].includes(name));
  const connections = (provisioner ?? []).flatMap((one) => Object.values(one)).map(({ connection }) => connection);
  return { ...Object.fromEntries(others), ...(connections.length > 0 ? { connections } : {}) };
}

/**
 * What Terraform makes of all arguments in a stack, of its outputs and locals: every string in them is a template to it. No provider
 * is needed, as they are locals of another configuration here; attributes of resources have their own names for values.
 *
 * @param outdir where the stack is synthesized; it must not be there
 */
export function evaluateStack(outdir: string, build: (stack: TerraformStack) => void): EvaluatedStack {
  const app = new App({ outdir, skipValidation: true });
  build(new TerraformStack(app, "test"));
  app.synth();
  const cwd = path.join(outdir, "stacks", "test");
  const file = path.join(cwd, "cdk.tf.json");
  const json = readFileSync(file, "utf8");
  const { resource = {}, output = {}, locals = {} } = JSON.parse(json) as Synthesized;
  const made = Object.entries(resource).flatMap(([type, bodies]) =>
    Object.entries(bodies).map(([name, body]) => ({ type, name, body: argumentsOf(body) })),
  );
  const all = {
    ...locals,
    ...Object.fromEntries(made.map(({ type, name, body }) => [`${type}--${name}`, body])),
    outputs: Object.fromEntries(Object.entries(output).map(([name, { value }]) => [name, value])),
  };
  writeFileSync(
    file,
    `{"locals":${JSON.stringify(all)
      .replace(ATTRIBUTE, standIn)
      .replace(/\bplantimestamp\(\)/g, TIME)}}`,
  );
  const fields = Object.keys(all).map((name) => `${JSON.stringify(name)} = local.${name}`);
  const {
    status,
    stdout,
    output: said,
  } = runTool("terraform", ["console"], {
    cwd,
    // base64, as the console would print template markers in a text as escapes of its own.
    input: `nonsensitive(base64encode(jsonencode({ ${fields.join(", ")} })))\n`,
    env: { CHECKPOINT_DISABLE: "1", TF_CLI_ARGS: "" },
  });
  const encoded = /^"([A-Za-z0-9+/=]*)"$/m.exec(stdout);
  if (status !== 0 || encoded === null) throw new Error(`terraform can't work it out:\n${said.slice(0, 4000)}`);
  const values = JSON.parse(Buffer.from(encoded[1], "base64").toString("utf8")) as Record<string, unknown>;
  const resources: Record<string, Record<string, Record<string, unknown>>> = {};
  for (const { type, name } of made) {
    (resources[type] ??= {})[name] = values[`${type}--${name}`] as Record<string, unknown>;
  }
  return {
    resources,
    outputs: values.outputs as Record<string, unknown>,
    locals: Object.fromEntries(Object.keys(locals).map((name) => [name, values[name]])),
    json,
  };
}
