import { mkdtempSync, rmSync } from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { OperatorPriority, type LabDroplet } from "terraform-lab";
import type { EtcdClientProps } from "../../lib";
import type { Knobs } from "../../proofs/apps/cluster-stack";
import { LabHarness, NO_CHANGES, said } from "../../proofs/harness";
import type { EtcdctlResult, LabCluster } from "../../proofs/lab-cluster";
import { Load } from "../../proofs/operations/load";
import { NOTHING_FAILS } from "../../proofs/operations/operation";
import { CLIENT_LOCATIONS } from "../../proofs/operations/stage";
import { missed } from "../../proofs/operations/table";
import { useCleanup } from "../cleanup";

jest.setTimeout(600_000);

const UNDECIDED: Knobs = {
  clientSites: CLIENT_LOCATIONS,
  backup: {},
  upkeep: { minimumFreeMiB: 16 },
  grpcGateway: false,
};
const KNOBS: Knobs = { ...UNDECIDED, authorization: true };
const CLIENTS: Record<string, EtcdClientProps> = {
  app: { readWrite: ["/app/"], read: ["/shared/"] },
  reader: { read: ["/app/"] },
};

const harness = new LabHarness();
const directory = mkdtempSync(path.join(os.tmpdir(), "cdktf-etcd-authorization-"));
const atEnd = useCleanup();
let load: Load;
let cluster: LabCluster;

/** A deploy while clients write on; none of them may notice. Returns what the machines said. */
async function deploy(name: string, knobs: Knobs): Promise<string[]> {
  let lines: string[] = [];
  const row = await load.during(name, async () => {
    lines = said(await harness.deploy(knobs, { priority: OperatorPriority.IDLE }));
  });
  expect(missed(row, [NOTHING_FAILS])).toEqual([]);
  return lines;
}

/** etcdctl with the files of a client, through any member or through this one. */
function as(
  client: string,
  args: readonly string[],
  machines: readonly LabDroplet[] = cluster.machines,
): Promise<EtcdctlResult> {
  const operators = Object.entries(cluster.environment(machines));
  return cluster.etcdctl(
    args,
    Object.fromEntries(operators.map(([name, value]) => [name, value.replace("/operator/", `/${client}/`)])),
  );
}

const refused = { ok: false, stderr: expect.stringContaining("permission denied") as string };

beforeAll(async () => {
  await harness.up();
  await harness.deploy(UNDECIDED);
  cluster = await harness.cluster();
  load = await Load.start({
    lab: harness.lab,
    locations: CLIENT_LOCATIONS,
    directory: path.join(directory, "load"),
    writesPerSecond: 17,
  });
  atEnd(() => load.stop());
}, 900_000);
afterAll(async () => {
  await harness.down();
  rmSync(directory, { recursive: true, force: true });
});

// One story, in order.
describe("permissions", () => {
  it("are turned on under clients that write on", async () => {
    const lines = await deploy("authorization on", { ...KNOBS, clients: CLIENTS });
    expect(lines.filter((line) => /authorization|restarting/.test(line))).toEqual([
      expect.stringContaining("turns authorization on"),
    ]);
  });

  it("let a client do what was declared for it, and nothing else, through each member", async () => {
    expect(await as("operator", ["put", "/shared/x", "1"])).toMatchObject({ ok: true });
    expect(await as("operator", ["put", "/apple", "1"])).toMatchObject({ ok: true });
    for (const machine of cluster.machines) {
      const through = (client: string, ...args: string[]): Promise<EtcdctlResult> => as(client, args, [machine]);
      expect(await through("app", "put", "/app/x", machine.name)).toMatchObject({ ok: true });
      expect(await through("app", "get", "/shared/x")).toMatchObject({ ok: true });
      expect(await through("app", "put", "/shared/x", "2")).toMatchObject(refused);
      expect(await through("app", "get", "/apple")).toMatchObject(refused);
      expect(await through("app", "get", "--prefix", "/")).toMatchObject(refused);
      expect(await through("reader", "get", "--prefix", "/app/")).toMatchObject({ ok: true });
      expect(await through("reader", "put", "/app/x", "2")).toMatchObject(refused);
      expect(await through("reader", "user", "list")).toMatchObject(refused);
    }
  });

  it("have nothing left to do at a second look", async () => {
    expect((await harness.run("diff", { ...KNOBS, clients: CLIENTS })).output).toContain(NO_CHANGES);
  });

  it("leave all that is done on machines working: leadership, defragmentation, backup, upkeep", async () => {
    for (const machine of cluster.machines) {
      const { stdout, stderr, ok } = await cluster.on(
        machine,
        "for unit in etcd-leader etcd-defragment etcd-backup etcd-metrics; do systemctl start $unit || echo failed $unit; done",
      );
      expect([machine.name, ok, stdout.trim(), stderr.trim()]).toEqual([machine.name, true, "", ""]);
    }
    const leader = cluster.machine((await cluster.status()).leader ?? "");
    const other = cluster.machines.find(({ name }) => name !== leader.name)?.name ?? "";
    expect(await cluster.moveLeader(leader, other)).toMatchObject({ ok: true });
    await cluster.untilHealthy();
  });

  it("change by a step of their own: what is given first, what is taken last, what was made by hand never", async () => {
    const hand = await cluster.on(
      cluster.machines[0],
      "etcdctl role add by-hand && etcdctl user add --no-user-password by-hand && etcdctl user grant-role app by-hand",
    );
    expect(hand).toMatchObject({ ok: true });
    const clients: Record<string, EtcdClientProps> = {
      app: { read: ["/app/"], readWrite: ["/other/"] },
      late: { everything: true },
    };
    const lines = await deploy("permissions changed", { ...KNOBS, clients });
    const own = lines.filter((line) => !/ (installs|stages) /.test(line)).map((line) => line.replace(/^\S+: /, ""));
    const at = (text: string): number => own.findIndex((line) => line.startsWith(text));
    expect(at("late gets the role")).toBeGreaterThan(
      at("cdktf-etcd/client/app may readwrite the keys that begin with /other/"),
    );
    expect(at("cdktf-etcd/client/app may read the keys that begin with /app/")).toBeGreaterThan(
      at("late gets the role"),
    );
    expect(own).toEqual(
      expect.arrayContaining([
        "reader is no user any more",
        "cdktf-etcd/client/app has no permission any more for the keys that begin with /shared/",
        "the user by-hand was made by hand, and stays as it is",
        "app also has the role by-hand, which is not declared: it was given by hand, and stays",
      ]),
    );
    expect(await as("app", ["put", "/app/x", "3"])).toMatchObject(refused);
    expect(await as("app", ["put", "/other/x", "3"])).toMatchObject({ ok: true });
    expect(await as("late", ["put", "/anything", "3"])).toMatchObject({ ok: true });
  });

  it("are turned off again", async () => {
    const lines = await deploy("authorization off", { ...UNDECIDED, authorization: false });
    expect(lines).toContainEqual(expect.stringContaining("turns authorization off"));
    expect((await as("operator", ["user", "list"])).stdout.trim().split("\n")).toEqual(["by-hand", "root"]);
    expect(await as("operator", ["put", "/app/x", "4"])).toMatchObject({ ok: true });
  });

  it("have lost no write, and the cluster was linearizable and in quorum all along", async () => {
    await load.finish();
  });
});
