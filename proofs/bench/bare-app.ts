/**
 * Writes a CDKTF app that makes the same stack as a synthesized one without this library: one `new` per resource, local
 * and output, with references as CDKTF's tokens. No library can take less time for synth than such an app.
 */

/** The part of a synthesized stack that the app is written from. */
export interface StackJson {
  readonly resource: Readonly<Record<string, Readonly<Record<string, Json>>>>;
  readonly locals: Readonly<Record<string, JsonValue>>;
  readonly output: Readonly<Record<string, Json>>;
}

type JsonValue = string | number | boolean | null | readonly JsonValue[] | Json;
/** A JSON object. */
export interface Json {
  readonly [key: string]: JsonValue;
}

/** Maps whose keys are the user's and not part of the schema. */
const FREE_MAPS = ["triggers_replace", "input"];

/** Module and class by Terraform's resource type. */
const CLASSES: Readonly<Record<string, readonly [module: string, name: string]>> = {
  terraform_data: ["cdktf", "DataResource"],
  tls_private_key: ["@cdktf/provider-tls/lib/private-key", "PrivateKey"],
  tls_self_signed_cert: ["@cdktf/provider-tls/lib/self-signed-cert", "SelfSignedCert"],
  tls_cert_request: ["@cdktf/provider-tls/lib/cert-request", "CertRequest"],
  tls_locally_signed_cert: ["@cdktf/provider-tls/lib/locally-signed-cert", "LocallySignedCert"],
  digitalocean_tag: ["@cdktf/provider-digitalocean/lib/tag", "Tag"],
  digitalocean_ssh_key: ["@cdktf/provider-digitalocean/lib/ssh-key", "SshKey"],
  digitalocean_firewall: ["@cdktf/provider-digitalocean/lib/firewall", "Firewall"],
  digitalocean_droplet: ["@cdktf/provider-digitalocean/lib/droplet", "Droplet"],
  local_sensitive_file: ["@cdktf/provider-local/lib/sensitive-file", "SensitiveFile"],
};

/** The app's source, in CommonJS. It makes the stack `name`, with the directory `templates` as its one asset. */
export function bareApp(name: string, stack: StackJson, templates: string): string {
  return [
    'const { App, AssetType, TerraformAsset, TerraformLocal, TerraformOutput, TerraformStack } = require("cdktf");',
    'const { DigitaloceanProvider } = require("@cdktf/provider-digitalocean/lib/provider");',
    'const { LocalProvider } = require("@cdktf/provider-local/lib/provider");',
    'const { TlsProvider } = require("@cdktf/provider-tls/lib/provider");',
    ...Object.keys(stack.resource).map((type) => {
      const [module, className] = classOf(type);
      return `const { ${className} } = require(${JSON.stringify(module)});`;
    }),
    "class Bare extends TerraformStack {",
    "  constructor(scope, id) {",
    "    super(scope, id);",
    '    new DigitaloceanProvider(this, "digitalocean");',
    '    new TlsProvider(this, "tls");',
    '    new LocalProvider(this, "local");',
    `    new TerraformAsset(this, "templates", { path: ${JSON.stringify(templates)}, type: AssetType.DIRECTORY });`,
    "    const made = {};",
    ...inOrder(stack).map(
      ([type, id, resource]) => `    made[${JSON.stringify(`${type}.${id}`)}] = ${construct(type, id, resource)};`,
    ),
    ...Object.entries(stack.locals).map(
      ([id, value]) => `    new TerraformLocal(this, ${JSON.stringify(id)}, ${code(value, false)});`,
    ),
    ...Object.entries(stack.output).map(([id, { value, sensitive }]) => {
      const config = `{ value: ${code(value, false)}, sensitive: ${String(sensitive === true)}, staticId: true }`;
      return `    new TerraformOutput(this, ${JSON.stringify(id)}, ${config});`;
    }),
    "  }",
    "}",
    "const app = new App();",
    `new Bare(app, ${JSON.stringify(name)});`,
    "app.synth();",
    "",
  ].join("\n");
}

function classOf(type: string): readonly [string, string] {
  const found = CLASSES[type] as readonly [string, string] | undefined;
  if (found === undefined) throw new Error(`proofs/bench/bare-app.ts: say which class makes a ${type}`);
  return found;
}

/** The resources, each after those it refers to. */
function inOrder(stack: StackJson): [type: string, id: string, resource: Json][] {
  const waiting = new Map<string, readonly [string, string, Json]>(
    Object.entries(stack.resource).flatMap(([type, byId]) =>
      Object.entries(byId).map(([id, resource]) => [`${type}.${id}`, [type, id, resource]] as const),
    ),
  );
  const ordered: [string, string, Json][] = [];
  const visit = (address: string): void => {
    const entry = waiting.get(address);
    if (entry === undefined) return;
    waiting.delete(address);
    for (const [, target] of JSON.stringify(entry[2]).matchAll(/\$\{([a-z_]+\.[\w-]+)\.[a-z0-9_]+\}/g)) visit(target);
    ordered.push([...entry]);
  };
  for (const address of [...waiting.keys()]) visit(address);
  return ordered;
}

function construct(type: string, id: string, resource: Json): string {
  const { depends_on, provisioner, lifecycle, ...config } = resource;
  const attributes = Object.entries(config).filter(([key]) => key !== "//");
  const parts = attributes.map(([key, value]) => `${camel(key)}: ${code(value, !FREE_MAPS.includes(key))}`);
  if (Array.isArray(depends_on)) {
    parts.push(`dependsOn: [${depends_on.map((fqn) => `{ fqn: ${JSON.stringify(fqn)} }`).join(", ")}]`);
  }
  if (Array.isArray(provisioner)) {
    const each = (provisioner as Json[]).flatMap((byType) => Object.entries(byType));
    parts.push(
      `provisioners: [${each.map(([kind, body]) => code({ type: kind, ...(body as Json) }, true)).join(", ")}]`,
    );
  }
  if (Object.hasOwn(resource, "lifecycle")) parts.push(`lifecycle: ${code(lifecycle, true)}`);
  return `new ${classOf(type)[1]}(this, ${JSON.stringify(id)}, { ${parts.join(", ")} })`;
}

/** A value as source; `${type.id.attribute}` becomes that attribute of the resource's object. */
function code(value: JsonValue, renameKeys: boolean): string {
  if (typeof value === "string") {
    const reference = /^\$\{([a-z_]+\.[\w-]+)\.([a-z0-9_]+)\}$/.exec(value);
    if (reference === null || reference[1].startsWith("local.")) return JSON.stringify(value);
    const [, address, attribute] = reference;
    if (attribute === "output") return JSON.stringify(value);
    return `made[${JSON.stringify(address)}].${camel(attribute)}`;
  }
  if (Array.isArray(value))
    return `[${(value as readonly JsonValue[]).map((one) => code(one, renameKeys)).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value as Json).map(
      ([key, one]) => `${JSON.stringify(renameKeys ? camel(key) : key)}: ${code(one, renameKeys)}`,
    );
    return `{ ${entries.join(", ")} }`;
  }
  return String(value);
}

function camel(key: string): string {
  return key.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
