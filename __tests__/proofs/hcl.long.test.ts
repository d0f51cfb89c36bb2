/** @independent */
import { DigitaloceanProvider } from "@cdktf/provider-digitalocean/lib/provider";
import { LocalProvider } from "@cdktf/provider-local/lib/provider";
import { TlsProvider } from "@cdktf/provider-tls/lib/provider";
import { TerraformOutput, TerraformResource, type TerraformStack } from "cdktf";
import { Api, Workspace } from "../lab/clouds/digitalocean/provider/terraform-workspace";
import { EtcdCluster } from "../../lib";
import { NO_CHANGES } from "../../proofs/harness";
import { useCleanup, workInScratch } from "../cleanup";
import { SAMPLE_CLUSTERS } from "../sample-clusters";
import { haveStepsRunHere } from "./steps-here";

/** As `terraform show -json` has a plan, as far as the tests look into it. */
interface Plan {
  readonly configuration: unknown;
  readonly planned_values: unknown;
  readonly checks: unknown;
}

const atEnd = useCleanup();
const atEndOfTest = useCleanup(afterEach);
let api: Api;

/** The sample with its steps run here; an output holds the scripts, which no state has otherwise. */
function declare(sample: string): (stack: TerraformStack) => void {
  return (stack) => {
    new DigitaloceanProvider(stack, "digitalocean");
    new TlsProvider(stack, "tls");
    new LocalProvider(stack, "local");
    SAMPLE_CLUSTERS[sample](stack);
    for (const cluster of stack.node.findAll().filter((one) => one instanceof EtcdCluster)) {
      const scripts = cluster.node
        .findAll()
        .filter((one) => one instanceof TerraformResource)
        .flatMap(({ provisioners = [] }) => provisioners.flatMap((one) => ("inline" in one ? one.inline : [])));
      expect(scripts.length).toBeGreaterThan(0);
      new TerraformOutput(cluster, "scripts", { value: scripts, sensitive: true });
      haveStepsRunHere(cluster);
    }
  };
}

/**
 * Leaves out what differs from one plan to the next (the time), and what Terraform shows of JSON alone: the text of
 * expressions, and the order of their keys in that of their references.
 */
function comparable(_key: string, value: unknown): unknown {
  if (value === "${plantimestamp()}") return undefined;
  if (typeof value === "string" && /^\d{4}-\d\d-\d\dT[\d:]+Z$/.test(value)) return "a time";
  if (typeof value !== "object" || value === null || !("references" in value)) return value;
  return { references: [...new Set(value.references as string[])].sort() };
}

/** What Terraform understands of the configuration, and would make of it. */
async function planned(work: Workspace): Promise<Plan> {
  const { ok, output } = await work.terraformCommand(["plan", "-input=false", "-out=plan"]);
  if (!ok) throw new Error(output);
  const shown = await work.terraformCommand(["show", "-json", "plan"]);
  const { configuration, planned_values, checks } = JSON.parse(shown.output, comparable) as Plan;
  return { configuration, planned_values, checks };
}

async function openWorkspace(): Promise<Workspace> {
  const work = await Workspace.open(api.client.url);
  atEndOfTest(() => work.close());
  return work;
}

beforeAll(async () => {
  api = await Api.start();
  atEnd(() => api.stop());
  workInScratch(atEnd);
});

jest.setTimeout(600_000);

describe("cdktf synth --hcl", () => {
  it.each(["five members, everything said", "taken over from a cluster made by hand"])(
    "says what the JSON form says: %s",
    async (sample) => {
      const work = await openWorkspace();
      await work.synth(declare(sample));
      await work.init();
      const json = await planned(work);
      await work.synth(declare(sample), true);
      expect(await planned(work)).toEqual(json);
    },
  );

  it("changes nothing of what the JSON form has made", async () => {
    const work = await openWorkspace();
    const sample = "restored from a backup, its authorities in rotation";
    await work.synth(declare(sample));
    await work.init();
    await work.mustApply();
    await work.synth(declare(sample), true);
    const { ok, output } = await work.plan();
    expect(`${ok} ${output}`).toContain(NO_CHANGES);
  });
});
