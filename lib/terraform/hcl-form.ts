import { DefaultTokenResolver, StringConcat, TerraformElement, TerraformStack, Tokenization } from "cdktf";
import { Construct } from "constructs";
import { blockOf, bodyOf, ResolvedObject } from "./hcl-text";

/**
 * The types that the library makes resources of, with their blocks: Terraform's JSON syntax writes these like
 * attributes. Those of other types are left to CDKTF.
 */
const BLOCKS: Readonly<Record<string, readonly string[]>> = {
  digitalocean_droplet: ["timeouts", "backup_policy"],
  digitalocean_droplets: ["filter", "sort"],
  digitalocean_firewall: ["inbound_rule", "outbound_rule"],
  digitalocean_project_resources: [],
  digitalocean_ssh_key: [],
  digitalocean_tag: [],
  local_file: [],
  local_sensitive_file: [],
  terraform_data: [],
  tls_cert_request: ["subject"],
  tls_locally_signed_cert: [],
  tls_private_key: [],
  tls_self_signed_cert: ["subject"],
};

/** What CDKTF makes of a stack for `cdktf synth --hcl`. */
interface HclStack {
  readonly hcl: string;
  readonly metadata: ResolvedObject;
}

/** A part of a stack in Terraform's JSON syntax: "resource" -> type -> name -> content, and so on. */
type Fragment = Readonly<Record<string, ResolvedObject | undefined>>;

const REGISTERED = Symbol.for("cdktf-etcd/hcl-form");

/**
 * Has `cdktf synth --hcl` say of a construct, and of all within it, what the JSON form says.
 *
 * CDKTF's own HCL writer drops checks, makes strings of addresses, and arguments of conditions; and it escapes no
 * quotes and backslashes beside an interpolation. So all that the library declares is written from the JSON form here.
 */
export function sayTheSameInHcl(construct: Construct): void {
  const stack = TerraformStack.of(construct) as TerraformStack & { [REGISTERED]?: Construct[] };
  if (stack[REGISTERED] === undefined) {
    const registered: Construct[] = [];
    Object.defineProperty(stack, REGISTERED, { value: registered });
    const others = stack.toHclTerraform.bind(stack) as () => HclStack;
    stack.toHclTerraform = () => withHclOf(stack, registered, others);
  }
  stack[REGISTERED]?.push(construct);
}

function withHclOf(stack: TerraformStack, registered: readonly Construct[], others: () => HclStack): HclStack {
  const elements = [...new Set(registered.flatMap((construct) => construct.node.findAll()))].filter((element) =>
    TerraformElement.isTerraformElement(element),
  );
  const own = elements
    .map((element) => ({ element, fragment: resolved(stack, element.toTerraform()) as Fragment }))
    .filter(({ fragment }) => isOurs(fragment));
  // CDKTF is to write none of them.
  for (const { element } of own) element.toHclTerraform = () => ({});
  const { hcl, metadata } = others();
  const records = (stack.toTerraform() as ResolvedObject)["//"] as ResolvedObject;
  return {
    hcl: [hcl.trimEnd(), ...own.flatMap(({ fragment }) => blocksOf(fragment))].join("\n\n") + "\n",
    metadata: { ...metadata, "//": { ...records, ...(metadata["//"] as ResolvedObject) } },
  };
}

function resolved(stack: TerraformStack, value: unknown): unknown {
  return Tokenization.resolve(value, { scope: stack, resolver: new DefaultTokenResolver(new StringConcat()) });
}

function isOurs({ resource, data }: Fragment): boolean {
  return [...Object.keys(resource ?? {}), ...Object.keys(data ?? {})].every((type) => type in BLOCKS);
}

function blocksOf(fragment: Fragment): string[] {
  const { resource, data, locals, output, check } = fragment;
  const typed = (kind: string, byType: ResolvedObject = {}): string[][] =>
    Object.entries(byType).flatMap(([type, byName]) =>
      Object.entries(byName as ResolvedObject).map(([name, content]) =>
        blockOf(`${kind} "${type}" "${name}"`, content as ResolvedObject, BLOCKS[type]),
      ),
    );
  const named = (kind: string, byName: ResolvedObject = {}, blocks: readonly string[] = []): string[][] =>
    Object.entries(byName).map(([name, content]) => blockOf(`${kind} "${name}"`, content as ResolvedObject, blocks));
  return [
    ...typed("resource", resource),
    ...typed("data", data),
    ...named("output", output),
    ...named("check", check, ["assert"]),
    ...(locals === undefined ? [] : [["locals {", ...bodyOf(locals, []), "}"]]),
  ].map((lines) => lines.join("\n"));
}
