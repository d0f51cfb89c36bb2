import { readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { App, TerraformStack } from "cdktf";
import { SAMPLE_CLUSTERS } from "../sample-clusters";
import { runTool } from "../tools";
import { scratchDirectory } from "../templates/render";

/** What Terraform knows only once it has applied: an attribute of a resource. */
const ATTRIBUTE = /\b(?:digitalocean|tls)_[a-z0-9_]+\.[\w-]+\.[a-z0-9_.]+|\bterraform_data\.[\w-]+\.[a-z0-9_.]+/g;

/** A value of the attribute's kind: templates take the public keys of SSH apart. */
function valueOf(attribute: string): string {
  return attribute.endsWith("_openssh") ? `ssh-ed25519 ${attribute}` : attribute;
}

/** What is told of a node's bundle. */
interface Digests {
  /** Of what etcd has to be restarted for. */
  readonly restart: string;
  /** Of all that is staged. */
  readonly stage: string;
  /** Of the script that stages it. */
  readonly script: string;
}

const directory = scratchDirectory();

/** By member, from the synthesized stack alone: Terraform works out its locals, with the names of attributes for their values. */
function digests(name: string): Record<string, Digests> {
  const outdir = path.join(directory, name.replace(/\W+/g, "-"));
  const app = new App({ outdir, skipValidation: true });
  SAMPLE_CLUSTERS[name](new TerraformStack(app, "test"));
  app.synth();
  const cwd = path.join(outdir, "stacks", "test");
  const file = path.join(cwd, "cdk.tf.json");
  const { locals } = JSON.parse(readFileSync(file, "utf8")) as { locals: Record<string, unknown> };
  const bundles = Object.fromEntries(Object.entries(locals).filter(([local]) => local.includes("_bundle_")));
  const known = JSON.stringify(bundles).replace(ATTRIBUTE, (attribute) => `\\"${valueOf(attribute)}\\"`);
  writeFileSync(file, `{"locals":${known}}`);

  const members = Object.keys(bundles).flatMap((local) => /_([\w-]+)_bundle_stage-digest_/.exec(local)?.[1] ?? []);
  const of = (member: string, what: string): string => {
    const found = Object.keys(bundles).find((local) => local.includes(`_${member}_bundle_${what}_`));
    if (found === undefined) throw new Error(`the stack has no local "${what}" for ${member}`);
    return `local.${found}`;
  };
  const expression = members
    .map(
      (member) =>
        `${JSON.stringify(member)} = { restart = ${of(member, "files")}["/etc/etcd/restart.sha256"].content, ` +
        `stage = ${of(member, "stage-digest")}, script = sha256(${of(member, "stage")}) }`,
    )
    .join(", ");
  const { status, stdout, output } = runTool("terraform", ["console"], {
    cwd,
    input: `nonsensitive(jsonencode({ ${expression} }))\n`,
    env: { CHECKPOINT_DISABLE: "1", TF_CLI_ARGS: "" },
  });
  if (status !== 0) throw new Error(`terraform can't work out the digests:\n${output.slice(0, 2000)}`);
  return JSON.parse(JSON.parse(stdout) as string) as Record<string, Digests>;
}

/**
 * What the next deploy of every user does on its nodes: where `stage` is another, all is staged anew; where `restart` is another,
 * etcd restarts, on one member after the other. An edit that is to change nothing on nodes leaves both as they are.
 */
describe("the digests of each node's bundle", () => {
  it.each(Object.keys(SAMPLE_CLUSTERS))("%s", (sample) => {
    expect(digests(sample)).toMatchSnapshot();
  });
});
