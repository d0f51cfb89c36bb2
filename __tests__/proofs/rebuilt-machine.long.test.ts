import { readFileSync } from "node:fs";
import type { LabDroplet } from "terraform-lab";
import { eventually, said } from "../../proofs/harness";
import { useDeployed } from "./deployed";

jest.setTimeout(900_000);

const deployed = useDeployed();

interface RebuildAction {
  readonly action: { readonly id: number; readonly status: string };
}

/** Has the droplet get a new disk, and keep its id and its addresses; until it can be logged in to. */
async function rebuild(machine: LabDroplet): Promise<void> {
  const api = deployed.harness.lab.api();
  const actions = `/v2/droplets/${machine.id}/actions`;
  const { action } = (await api.request("POST", actions, { type: "rebuild", image: "debian-13-x64" })) as RebuildAction;
  await eventually(`the rebuild of ${machine.name}`, async () => {
    const now = (await api.request("GET", `${actions}/${action.id}`)) as RebuildAction;
    return now.action.status === "completed";
  });
  await eventually(
    `${machine.name} with a new disk`,
    async () => (await deployed.cluster.on(machine, "test ! -e /etc/etcd && cloud-init status --wait")).ok,
  );
}

/** Terraform's address of the step that stages what the member needs. */
function installOf({ name }: LabDroplet): string {
  const { resources } = JSON.parse(readFileSync(deployed.harness.stateFile, "utf8")) as {
    resources: readonly { readonly type: string; readonly name: string }[];
  };
  const steps = resources.filter((one) => one.name.includes(`_${name}_install_`));
  if (steps.length !== 1) throw new Error(`${steps.length} steps in the state install ${name}`);
  return `${steps[0].type}.${steps[0].name}`;
}

describe("a founder whose machine was rebuilt", () => {
  it("joins, and does not found, even if it reaches nobody", async () => {
    const { cluster, harness, singapore: machine } = deployed;
    const wan = harness.lab.wan();
    await cluster.etcdctl(["put", "/kept", "yes"]);
    await rebuild(machine);
    const cut = ["lon1", "nyc3"].map((other) => ({ a: other, b: "sgp1" }));
    for (const link of cut) await wan.link({ ...link, down: true });
    // A change makes the deploy look at the member again.
    const edit = { quotaGiB: 1 };
    const { output } = await harness.interrupt("deploy", /etcd-sgp1: has no data of the cluster's/, edit);
    expect(said(output).filter((line) => line.includes("found the cluster"))).toEqual([]);
    const { stdout } = await cluster.on(machine, "ls -A /var/lib/etcd 2>/dev/null; systemctl is-active etcd");
    expect(stdout).toBe("inactive\n");

    await wan.heal();
    await cluster.untilHealthy();
    const kept = await cluster.on(machine, "etcdctl get --consistency=s --print-value-only /kept");
    expect(kept.stdout.trim()).toBe("yes");
    await harness.deploy(edit);
  });

  it("joins at once where it reaches the others", async () => {
    const { cluster, harness, newYork: machine } = deployed;
    await rebuild(machine);
    const { exitCode, output } = await harness.terraform(["apply", "-auto-approve", `-replace=${installOf(machine)}`]);
    expect([exitCode, said(output)]).toEqual([0, expect.anything()]);
    expect(said(output)).toContainEqual(expect.stringMatching(/^etcd-nyc3: removing its dead predecessor/));
    expect(said(output)).toContain("etcd-nyc3: caught up: promoted to a voting member");
    await cluster.mustBeHealthy();
  });
});
