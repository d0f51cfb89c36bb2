import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { orphansIn } from "terraform-lab";
import { type Api, type Workspace } from "../../lab/clouds/digitalocean/provider/terraform-workspace";
import { eventually } from "../../../proofs/harness";
import { useCleanup } from "../../cleanup";
import { declareMachines } from "./bare-machines";
import { serveWorkspace } from "./served-workspace";

/** What of Terraform's state is looked at here. */
interface State {
  resources: {
    readonly mode: "managed" | "data";
    readonly name: string;
    readonly instances: readonly { readonly attributes: Record<string, unknown> }[];
  }[];
}

const atEnd = useCleanup();
let api: Api;
let work: Workspace;

const declare = (namePrefix = "etcd"): Promise<void> => declareMachines(work, ["lon1", "sgp1"], { namePrefix });

const names = async (): Promise<string[]> => (await api.client.droplets()).map(({ name }) => name).sort();

const kept = (): string => readFileSync(work.stateFile, "utf8");

/**
 * The tag, the SSH key, the firewall, four private keys, two records of the next login key, one for each machine and that of what was
 * there before.
 */
const BESIDES_MACHINES = 12;

/**
 * Whether all but the machines is in the state: until one has booted, Terraform writes nothing then. Killed while it writes, it
 * leaves an empty one.
 */
function onlyMachinesAreMissing(): boolean {
  const text = existsSync(work.stateFile) ? kept() : "";
  if (!text.endsWith("}\n")) return false;
  const { resources } = JSON.parse(text) as State;
  // A machine that is being made has no instance yet.
  return (
    resources.filter(({ mode, instances }) => mode === "managed" && instances.length > 0).length === BESIDES_MACHINES
  );
}

beforeAll(async () => {
  // Long enough to be met while they boot.
  ({ api, work } = await serveWorkspace(atEnd, 3));
  await declare();
  await work.init();
}, 600_000);

jest.setTimeout(600_000);

// One story, in order.
describe("Terraform's state", () => {
  it("has its record of what was there before any machine, so that a first deploy that is killed can be gone on with", async () => {
    await work.applyKilled(async () => (await names()).length > 0 && onlyMachinesAreMissing());
    expect(kept()).toMatch(/"name": "hosts_lost-state_/);
    await work.mustApply();
    const orphans = orphansIn((await work.plan()).output);
    for (const id of orphans) await api.client.request("DELETE", `/v2/droplets/${id}`);
    await eventually("the end of those that it was making", async () => (await names()).length === 2);
    expect(await names()).toEqual(["etcd-lon1", "etcd-sgp1"]);
  });

  it("is missed when it is empty: the plan names the machines and the way back, and nothing is made", async () => {
    const before = await api.client.droplets();
    const state = kept();
    writeFileSync(work.stateFile, "");
    for (const { ok, output } of [await work.plan(), await work.apply()]) {
      expect(ok).toBe(false);
      for (const { name, id, publicAddress } of before) {
        expect(output).toContain(`${name}, id ${id}, ${publicAddress ?? ""}`);
      }
      expect(output).toContain("Terraform's state knows none");
      expect(output).toContain("with '.backup' after its name");
    }
    expect(await api.client.droplets()).toEqual(before);
    writeFileSync(work.stateFile, state);
    expect((await work.plan()).output).toContain("No changes.");
  });

  it("is not missed by another cluster, of another prefix, nor after a destroy", async () => {
    const state = kept();
    writeFileSync(work.stateFile, "");
    await declare("other");
    expect((await work.plan()).output).toMatch(/Plan: \d+ to add, 0 to change, 0 to destroy/);
    writeFileSync(work.stateFile, state);
    await declare();
    expect(await work.destroy()).toMatchObject({ ok: true });
    await work.mustApply();
    expect(await names()).toEqual(["etcd-lon1", "etcd-sgp1"]);
  });

  it("of a version without that record gets it late, and no machine is touched", async () => {
    const state = JSON.parse(kept()) as State;
    state.resources = state.resources.filter(({ name }) => !name.startsWith("hosts_lost-state_"));
    const generations = state.resources.filter(({ name }) => name.includes("generation"));
    for (const { instances } of generations) {
      delete instances[0].attributes.input;
      delete instances[0].attributes.output;
    }
    expect(generations).toHaveLength(2);
    writeFileSync(work.stateFile, JSON.stringify(state));
    expect(await work.mustApply()).toMatch(/Apply complete! Resources: 1 added, 0 changed, 0 destroyed/);
    expect((await work.plan()).output).toContain("No changes.");
  });
});
