import { DefaultTokenResolver, StringConcat, TerraformElement, TerraformStack, Tokenization } from "cdktf";
import { Construct } from "constructs";
import { blockOf, bodyOf, ResolvedObject } from "./hcl-text";

/** Types of resources, with their blocks: Terraform's JSON syntax writes these like attributes. */
export type BlocksByType = Readonly<Record<string, readonly string[]>>;

/** The types that the library makes resources of, whatever the machines are. Those that nobody names are left to CDKTF. */
const BLOCKS: BlocksByType = {
  local_file: [],
  local_sensitive_file: [],
  terraform_data: [],
  tls_certificate: [],
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

/** What a stack has of the library's, and the types of resources that are in there. */
interface Registered {
  readonly constructs: Construct[];
  readonly blocks: Record<string, readonly string[]>;
}

const REGISTERED = Symbol.for("cdktf-etcd/hcl-form");

/**
 * Has `cdktf synth --hcl` say of a construct, and of all within it, what the JSON form says.
 *
 * CDKTF's own HCL writer drops checks, makes strings of addresses, and arguments of conditions; and it escapes no
 * quotes and backslashes beside an interpolation. So all that the library declares is written from the JSON form here.
 *
 * @param blocks of the resources that it makes beside those of all clusters
 */
export function sayTheSameInHcl(construct: Construct, blocks: BlocksByType = {}): void {
  const stack = TerraformStack.of(construct) as TerraformStack & { [REGISTERED]?: Registered };
  if (stack[REGISTERED] === undefined) {
    const registered: Registered = { constructs: [], blocks: { ...BLOCKS } };
    Object.defineProperty(stack, REGISTERED, { value: registered });
    const others = stack.toHclTerraform.bind(stack) as () => HclStack;
    stack.toHclTerraform = () => withHclOf(stack, registered, others);
  }
  stack[REGISTERED]?.constructs.push(construct);
  Object.assign(stack[REGISTERED]?.blocks ?? {}, blocks);
}

function withHclOf(stack: TerraformStack, { constructs, blocks }: Registered, others: () => HclStack): HclStack {
  const elements = [...new Set(constructs.flatMap((construct) => construct.node.findAll()))].filter((element) =>
    TerraformElement.isTerraformElement(element),
  );
  const own = elements
    .map((element) => ({ element, fragment: resolved(stack, element.toTerraform()) as Fragment }))
    .filter(({ fragment }) => isOurs(fragment, blocks));
  // CDKTF is to write none of them.
  for (const { element } of own) element.toHclTerraform = () => ({});
  const { hcl, metadata } = others();
  const records = (stack.toTerraform() as ResolvedObject)["//"] as ResolvedObject;
  return {
    hcl: [hcl.trimEnd(), ...own.flatMap(({ fragment }) => blocksOf(fragment, blocks))].join("\n\n") + "\n",
    metadata: { ...metadata, "//": { ...records, ...(metadata["//"] as ResolvedObject) } },
  };
}

function resolved(stack: TerraformStack, value: unknown): unknown {
  return Tokenization.resolve(value, { scope: stack, resolver: new DefaultTokenResolver(new StringConcat()) });
}

function isOurs({ resource, data }: Fragment, blocks: BlocksByType): boolean {
  return [...Object.keys(resource ?? {}), ...Object.keys(data ?? {})].every((type) => type in blocks);
}

function blocksOf(fragment: Fragment, types: BlocksByType): string[] {
  const { resource, data, locals, output, check } = fragment;
  const typed = (kind: string, byType: ResolvedObject = {}): string[][] =>
    Object.entries(byType).flatMap(([type, byName]) =>
      Object.entries(byName as ResolvedObject).map(([name, content]) =>
        blockOf(`${kind} "${type}" "${name}"`, content as ResolvedObject, types[type]),
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
