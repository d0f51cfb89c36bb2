import { type LabDroplet, orphansIn } from "terraform-lab";
import { type Api, type Workspace } from "../../lab/clouds/digitalocean/provider/terraform-workspace";
import { eventually, NO_CHANGES } from "../../../proofs/harness";
import { useCleanup } from "../../cleanup";
import { declareMachines } from "./bare-machines";
import { serveWorkspace } from "./served-workspace";

const WARNING = "There is a droplet that Terraform does not know of";

const atEnd = useCleanup();
let api: Api;
let work: Workspace;

const declare = (regions: string[], generation = 1): Promise<void> => declareMachines(work, regions, { generation });

/** Terraform wraps what it says. */
function said(output: string): string {
  return output.replace(/\s+/g, " ");
}

/** The droplets, those that were made first first. */
const droplets = async (): Promise<LabDroplet[]> => (await api.client.droplets()).sort((a, b) => a.id - b.id);

beforeAll(async () => {
  // Long enough to be met while they boot.
  ({ api, work } = await serveWorkspace(atEnd, 4));
  await declare(["lon1"]);
  await work.init();
  await work.mustApply();
}, 600_000);

jest.setTimeout(600_000);

// One story, in order.
describe("a droplet that a killed Terraform was making", () => {
  it("is not known to the next one, which makes another", async () => {
    await declare(["lon1", "sgp1"]);
    await work.applyKilled(async () => (await droplets()).length === 2);
    await work.mustApply();
    expect((await droplets()).map(({ name }) => name)).toEqual(["etcd-lon1", "etcd-sgp1", "etcd-sgp1"]);
  });

  it("is named by every plan and apply, and nothing else is there to do", async () => {
    const [, { id, publicAddress }] = await droplets();
    const outcome = await work.plan();
    expect(orphansIn(outcome.output)).toEqual([id]);
    const plan = said(outcome.output);
    expect(plan).toContain(NO_CHANGES);
    expect(plan).toContain(`${WARNING}: etcd-sgp1, id ${id}, ${publicAddress ?? ""}. A deploy`);
    expect(plan).toContain("doctl compute droplet delete");
    expect(said(await work.mustApply())).toContain(WARNING);
  });

  it("is forgotten once it is gone", async () => {
    const [, { id }] = await droplets();
    await api.client.request("DELETE", `/v2/droplets/${id}`);
    await eventually("the end of the droplet", async () => (await droplets()).length === 2);
    expect(said((await work.plan()).output)).not.toContain(WARNING);
  });

  it("is not mistaken for a machine that is replaced", async () => {
    await declare(["lon1", "sgp1"], 2);
    const plan = said((await work.plan()).output);
    expect(plan).toMatch(/Plan: \d+ to add/);
    for (const text of [plan, said(await work.mustApply()), said((await work.plan()).output)]) {
      expect(text).not.toMatch(/Check block|Terraform does not know of/);
    }
  });
});
