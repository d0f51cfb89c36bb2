import type { Api, Workspace } from "../../lab/clouds/digitalocean/provider/terraform-workspace";
import { useCleanup } from "../../cleanup";
import { declareMachines } from "./bare-machines";
import { serveWorkspace } from "./served-workspace";
import { NO_CHANGES } from "../../../proofs/harness";

/** A droplet, as the API shows it. */
interface Shown {
  readonly id: number;
  readonly features: readonly string[];
  readonly vpc_uuid: string;
}

const atEnd = useCleanup();
let api: Api;
let work: Workspace;
let vpc: string;

const droplets = async (): Promise<Shown[]> =>
  ((await api.client.request("GET", "/v2/droplets")) as { droplets: Shown[] }).droplets;

beforeAll(async () => {
  ({ api, work } = await serveWorkspace(atEnd));
  const answer = await api.client.request("POST", "/v2/vpcs", { name: "members", region: "lon1" });
  vpc = (answer as { vpc: { id: string } }).vpc.id;
  await declareMachines(work, ["lon1", "sgp1"]);
  await work.init();
  await work.mustApply();
}, 600_000);

jest.setTimeout(120_000);

// One story, in order.
describe("an edit of what forces a droplet's replacement", () => {
  const edited = (): object => ({ monitoring: false, vpcIds: { lon1: vpc } });

  it("leaves the machines that there are, all of them", async () => {
    const before = await droplets();
    expect(before.map(({ features }) => features.includes("monitoring"))).toEqual([true, true]);
    await declareMachines(work, ["lon1", "sgp1"], edited());
    expect((await work.plan()).output).toContain(NO_CHANGES);
    await work.mustApply();
    expect(await droplets()).toEqual(before);
  });

  it("takes effect with the next generation of machines, and is then what there is", async () => {
    const before = await droplets();
    await declareMachines(work, ["lon1", "sgp1"], { ...edited(), generation: 2 });
    await work.mustApply();
    const after = await droplets();
    expect(after.filter(({ id }) => before.some((one) => one.id === id))).toEqual([]);
    expect(after.map(({ features }) => features.includes("monitoring"))).toEqual([false, false]);
    expect(after.filter(({ vpc_uuid }) => vpc_uuid === vpc)).toHaveLength(1);
    expect((await work.plan()).output).toContain(NO_CHANGES);
  });
});
