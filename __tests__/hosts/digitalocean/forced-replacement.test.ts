import { readFileSync } from "node:fs";
import * as path from "node:path";
import { CloudInitPartType, DigitalOceanHost } from "../../../lib";
import { resources, SAMPLE_HOSTS, SSH_FROM, synth } from "../../synth";

/**
 * Whether a change of an argument makes another resource of it, by the plans of DigitalOcean's provider 2.71.0: each was changed alone
 * and planned. Neither the provider's bindings nor `terraform providers schema` tell. An argument that may do so by its value
 * counts (`ipv6`, when it is turned off).
 */
const FORCES_REPLACEMENT: Readonly<Record<string, Readonly<Record<string, boolean>>>> = {
  droplet: {
    backup_policy: false,
    backups: false,
    droplet_agent: true,
    graceful_shutdown: false,
    image: true,
    ipv6: true,
    ipv6_address: false,
    monitoring: true,
    name: false,
    private_networking: true,
    region: true,
    resize_disk: false,
    size: false,
    ssh_keys: true,
    tags: false,
    user_data: true,
    volume_ids: false,
    vpc_uuid: true,
  },
  firewall: { droplet_ids: false, inbound_rule: false, name: false, outbound_rule: false, tags: false },
  project_resources: { project: true, resources: false },
  ssh_key: { name: false, public_key: true },
  tag: { name: true },
};

/** What becomes of the machines when what the library sets is changed, and would replace a resource. */
type Way =
  /** Nothing, until `generation` is counted up: then they are replaced one by one. */
  | "ignored"
  /** Another machine is meant: it is made first, and joins before the one before leaves, as with `generation`. */
  | "replaced"
  /** Nothing: no machine is made anew for another one of these. */
  | "apart";

const WAYS: Readonly<Record<string, Readonly<Record<string, Way>>>> = {
  droplet: {
    image: "ignored",
    monitoring: "ignored",
    region: "replaced",
    ssh_keys: "ignored",
    user_data: "ignored",
    vpc_uuid: "ignored",
  },
  project_resources: { project: "apart" },
  ssh_key: { public_key: "apart" },
  tag: { name: "apart" },
};

const TYPES = Object.keys(FORCES_REPLACEMENT);

/** A machine with all that can be said of it. */
const everythingSaid = synth((stack) => {
  DigitalOceanHost.inRegions(stack, ["lon1"], {
    ...SAMPLE_HOSTS,
    sshFrom: SSH_FROM,
    peersFrom: ["192.0.2.7/32"],
    projectId: "4e1bfbc3-dc3e-41f2-a18f-1b4d7ba71679",
    cloudInitParts: [{ contentType: CloudInitPartType.SHELL_SCRIPT, content: "#!/bin/sh\n" }],
    vpcIds: { lon1: "5a4981aa-9653-4bd1-bef5-d6bff52042e4" },
  });
});

function made(type: string): Record<string, unknown>[] {
  return Object.values(resources(everythingSaid, `digitalocean_${type}`));
}

/** The arguments of a resource that the library sets; what is Terraform's own is none. */
function argumentsOf(resource: Record<string, unknown>): string[] {
  const own = ["//", "count", "depends_on", "for_each", "lifecycle", "provider", "timeouts"];
  return Object.keys(resource).filter((name) => !own.includes(name));
}

const lifecycleOf = (resource: Record<string, unknown>): Record<string, unknown> =>
  (resource.lifecycle ?? {}) as Record<string, unknown>;

/** The arguments that a resource of the provider has, by its bindings. */
function inBindings(type: string): string[] {
  const folder = type.replace(/_/g, "-");
  const file = path.join(path.dirname(require.resolve("@cdktf/provider-digitalocean/package.json")), "lib", folder);
  const text = readFileSync(path.join(file, "index.d.ts"), "utf8");
  const [, body] =
    /export interface \w+Config extends cdktf\.TerraformMetaArguments \{\n([\s\S]*?)\n\}/.exec(text) ?? [];
  const names = [...body.matchAll(/^ {4}readonly (\w+)\??:/gm)].map(([, name]) => name);
  return names
    .filter((name) => name !== "id" && name !== "timeouts")
    .map((name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`))
    .sort();
}

/** The arguments of a resource of the lab's stand-in for the provider, and which force replacement. */
function inStandIn(type: string): Record<string, boolean> {
  const directory = path.join(__dirname, "..", "..", "..", "lab", "clouds", "digitalocean", "provider", "digitalocean");
  const text = readFileSync(path.join(directory, `${type}.go`), "utf8");
  const found = /\n(\t+)[^\n"]*Schema: map\[string\]\*schema\.Schema\{\n([\s\S]*?)\n\1\}/.exec(text);
  if (found === null) throw new Error(`${type}.go has no schema that this test can read`);
  const [, indent, body] = found;
  const conditional = [...text.matchAll(/customdiff\.ForceNewIf\w*\("(\w+)"/g)].map(([, name]) => name);
  const entry = new RegExp(`^${indent}\t"(\\w+)":([\\s\\S]*?)(?=\\n${indent}\t"|$(?![\\s\\S]))`, "gm");
  const entries = [...body.matchAll(entry)];
  return Object.fromEntries(
    entries
      .map(([, name, rest]) => ({ name, schema: withoutNested(rest) }))
      .filter(({ schema }) => !/^ *(out|counter)\(/.test(schema))
      .filter(({ schema }) => !schema.includes("Computed: true") || schema.includes("Optional: true"))
      .map(({ name, schema }) => [name, schema.includes("ForceNew: true") || conditional.includes(name)])
      .sort(([a], [b]) => (a < b ? -1 : 1)) as [string, boolean][],
  );
}

/** A Go literal without the literals inside it: what an argument's elements are is not what the argument is. */
function withoutNested(literal: string): string {
  let text = literal.replace("{", "");
  while (/\{[^{}]*\}/.test(text)) text = text.replace(/\{[^{}]*\}/g, "");
  return text;
}

describe("arguments that force replacement", () => {
  it.each(TYPES)("are known for every argument that a %s has: look a new one up", (type) => {
    expect(Object.keys(FORCES_REPLACEMENT[type]).sort()).toEqual(inBindings(type));
  });

  it.each(TYPES)("of a %s are the same to the lab's provider", (type) => {
    expect(inStandIn(type)).toEqual(FORCES_REPLACEMENT[type]);
  });

  it("are known for every kind of resource of DigitalOcean that the library makes", () => {
    const kinds = Object.keys(everythingSaid.resource).filter((kind) => kind.startsWith("digitalocean_"));
    expect(kinds.map((kind) => kind.replace("digitalocean_", "")).sort()).toEqual([...TYPES].sort());
  });

  it.each(TYPES)("of a %s have a way for each that the library sets", (type) => {
    const set = new Set(made(type).flatMap(argumentsOf));
    expect([...set].filter((name) => !(name in FORCES_REPLACEMENT[type]))).toEqual([]);
    const forcing = [...set].filter((name) => FORCES_REPLACEMENT[type][name]);
    expect(forcing.sort()).toEqual(Object.keys(WAYS[type] ?? {}).sort());
  });

  it("leave a machine alone until its generation changes, or have its successor made first", () => {
    const [droplet] = made("droplet");
    const ways = Object.entries(WAYS.droplet);
    const ignored = ways.filter(([, way]) => way === "ignored").map(([name]) => name);
    // A new size would power the machine off.
    expect([...(lifecycleOf(droplet).ignore_changes as string[])].sort()).toEqual([...ignored, "size"].sort());
    expect(ways.filter(([, way]) => way === "replaced")).toEqual([["region", "replaced"]]);
    expect(lifecycleOf(droplet).create_before_destroy).toBe(true);
  });

  it("of the key and the tag make no machine anew: it takes another tag as it runs, and another key never", () => {
    const [droplet] = made("droplet");
    expect([WAYS.ssh_key, WAYS.tag]).toEqual([{ public_key: "apart" }, { name: "apart" }]);
    const referring = argumentsOf(droplet).filter((name) =>
      /\$\{digitalocean_(ssh_key|tag)\./.test(JSON.stringify(droplet[name])),
    );
    for (const name of referring) {
      expect([name, FORCES_REPLACEMENT.droplet[name] ? WAYS.droplet[name] : "in place"]).toEqual([
        name,
        name === "tags" ? "in place" : "ignored",
      ]);
    }
    expect(referring.sort()).toEqual(["ssh_keys", "tags"]);
  });
});
