import { existsSync } from "node:fs";
import * as path from "node:path";
import { LabHarness, NO_CHANGES, said } from "../../proofs/harness";

jest.setTimeout(900_000);

const harness = new LabHarness();
const MAIN = ["etcd-lon1", "etcd-nyc3", "etcd-sgp1"];
const EVENTS = "etcd-events-nyc3";

/** What tells whether anything happened to the first cluster: its processes, its members, what it holds. */
async function traces(): Promise<unknown> {
  const cluster = await harness.cluster();
  const machines = MAIN.map((name) => cluster.machine(name));
  await cluster.mustBeHealthy(machines);
  const etcd = await Promise.all(
    machines.map(async (machine) => (await cluster.on(machine, "systemctl show -P MainPID etcd")).stdout.trim()),
  );
  const env = cluster.environment(machines);
  const members = (await cluster.etcdctl(["member", "list"], env)).stdout;
  return {
    etcd,
    ids: machines.map(({ id }) => id),
    members,
    kept: (await cluster.etcdctl(["get", "/kept"], env)).stdout,
  };
}

async function onEvents(command: string): Promise<string> {
  const cluster = await harness.cluster();
  const { ok, stdout, stderr } = await cluster.on(cluster.machine(EVENTS), command);
  if (!ok) throw new Error(stderr);
  return stdout.trim();
}

/** The steps that ran on machines of the first cluster. */
const saidByMain = (output: string): string[] =>
  said(output).filter((line) => MAIN.some((name) => line.startsWith(`${name}: `)));

let before: unknown;

beforeAll(async () => {
  await harness.up();
  await harness.deploy();
  const cluster = await harness.cluster();
  await cluster.etcdctl(["put", "/kept", "yes"]);
  before = await traces();
});
afterAll(async () => {
  await harness.down();
});

// One story, in order.
describe("a second etcd for Kubernetes' events, in the group of the first", () => {
  it("is added to a cluster that runs, founds its own, and touches nothing of the first", async () => {
    const output = await harness.deploy({ events: ["nyc3"] });
    expect(output).toMatch(/Apply complete! Resources: \d+ added, 1 changed, 0 destroyed/);
    expect(saidByMain(output)).toEqual([]);
    expect(await traces()).toEqual(before);
    expect(await onEvents("etcdctl member list")).toMatch(/^[0-9a-f]+, started, etcd-events-nyc3, [^\n]+$/);
    expect(await onEvents("etcdctl put /events/1 one && etcdctl get --prefix --keys-only /")).toBe("OK\n/events/1");
    for (const directory of ["operator", "events/operator"]) {
      expect(existsSync(path.join(harness.paths.access, directory, "client.key"))).toBe(true);
    }
    expect((await harness.run("diff", { events: ["nyc3"] })).output).toContain(NO_CHANGES);
  });

  it("is known to the second firewall by its droplet, and so are the first cluster's", async () => {
    const { firewalls } = (await harness.lab.api().request("GET", "/v2/firewalls")) as {
      firewalls: { name: string; droplet_ids: number[] }[];
    };
    const cluster = await harness.cluster();
    const bound = firewalls.find(({ name }) => name === "etcd-machines")?.droplet_ids ?? [];
    expect([...bound].sort()).toEqual(cluster.machines.map(({ id }) => id).sort());
  });

  it("keeps the first cluster together when the tag is deleted, as by a cluster of the same prefix", async () => {
    await harness.lab.api().request("DELETE", "/v2/tags/etcd");
    expect(await traces()).toEqual(before);
    const cluster = await harness.cluster();
    const lon1 = cluster.machine("etcd-lon1");
    const peer = `https://${cluster.machine("etcd-sgp1").publicAddress ?? ""}:2380/members`;
    await cluster.on(lon1, "true");
    const { ok } = await cluster.on(lon1, `curl -sk --max-time 5 -o /dev/null ${peer}; [ $? -ne 28 ]`);
    expect(ok).toBe(true);
    await harness.deploy({ events: ["nyc3"] });
    expect((await harness.run("diff", { events: ["nyc3"] })).output).toContain(NO_CHANGES);
  });

  it("is taken out of the code: its machine goes, the first cluster stays as it was", async () => {
    const output = await harness.deploy();
    expect(saidByMain(output)).toEqual([]);
    expect(await traces()).toEqual(before);
    expect((await harness.cluster()).machines.map(({ name }) => name).sort()).toEqual(MAIN);
    expect((await harness.run("diff")).output).toContain(NO_CHANGES);
  });
});
