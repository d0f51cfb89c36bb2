import * as path from "node:path";
import { SAMPLE_CLUSTERS } from "../sample-clusters";
import { scratchDirectory } from "../templates/render";
import { workOut } from "./work-out";

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
  return workOut(outdir, SAMPLE_CLUSTERS[name], (bundles) => {
    const members = bundles.flatMap((local) => /_([\w-]+)_bundle_stage-digest_/.exec(local)?.[1] ?? []);
    const of = (member: string, what: string): string => {
      const found = bundles.find((local) => local.includes(`_${member}_bundle_${what}_`));
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
    return `{ ${expression} }`;
  }) as Record<string, Digests>;
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
