import { cpSync } from "node:fs";
import * as path from "node:path";
import { OperatorPriority, waitUntil, type LabDroplet } from "terraform-lab";
import type { EtcdClientProps } from "../../lib";
import type { Knobs } from "../../proofs/apps/cluster-stack";
import { NO_CHANGES, said } from "../../proofs/harness";
import type { EtcdctlResult, LabCluster } from "../../proofs/lab-cluster";
import type { OperationRow } from "../../proofs/operations/operation-row";
import { PERMISSIONS } from "../../proofs/operations/operation";
import { CLIENT_LOCATIONS } from "../../proofs/operations/stage";
import { operationTable } from "../../proofs/operations/table";
import { useCleanup } from "../cleanup";
import { judge } from "./judge";
import { useLoaded } from "./loaded";
import { heldBy, openSessions, PERMISSION_DENIED, type Sessions } from "./sessions";

jest.setTimeout(600_000);

const UNDECIDED: Knobs = {
  clientSites: CLIENT_LOCATIONS,
  backup: {},
  upkeep: { minimumFreeMiB: 16 },
  grpcGateway: false,
};
const KNOBS: Knobs = { ...UNDECIDED, authorization: true };
const STAYS = { readWrite: ["/app/"], read: ["/shared/"] };
const CLIENTS: Record<string, EtcdClientProps> = {
  app: STAYS,
  reader: { read: ["/app/"] },
  leaver: { readWrite: ["/app/"] },
};

const atEnd = useCleanup();
// 54 writes per second in all.
const loaded = useLoaded({ writesPerSecond: 9 }, async (harness) => {
  await harness.deploy(UNDECIDED);
  cluster = await harness.cluster();
});
const { harness } = loaded;
const rows: OperationRow[] = [];
let cluster: LabCluster;

/** A deploy while clients write on; none of them may notice. Returns what the machines said. */
async function deploy(name: string, knobs: Knobs, onLine?: (line: string) => void): Promise<string[]> {
  let lines: string[] = [];
  const row = await loaded.load.during(name, async () => {
    lines = said(await harness.deploy(knobs, { priority: OperatorPriority.IDLE, onLine }));
  });
  rows.push(row);
  judge(row, PERMISSIONS);
  return lines;
}

const open = (client: string, machine: LabDroplet): Promise<Sessions> =>
  openSessions(cluster, { client, machine, watched: "/app/heard", below: "/app/", ttlSeconds: 10 }, atEnd);

/** How many keys of leases and locks there are. */
const held = async (sessions: Sessions): Promise<number> => (await heldBy(cluster, sessions)).length;

/** Writes a value that watches hear of, until all of these have. */
async function untilHeard(opened: readonly Sessions[], value: string): Promise<void> {
  await cluster.as("operator", ["put", "/app/heard", value]);
  const deaf = (): string[] => opened.filter(({ watch }) => !watch.heard.includes(value)).map(({ prefix }) => prefix);
  await waitUntil(() => deaf().length === 0, 10_000);
  expect(deaf()).toEqual([]);
}

// One story, in order.
describe("permissions", () => {
  it("are turned on under clients that write on", async () => {
    const lines = await deploy("authorization on", { ...KNOBS, clients: CLIENTS });
    expect(lines.filter((line) => /authorization|restarting/.test(line))).toEqual([
      expect.stringContaining("turns authorization on"),
    ]);
  });

  it("let a client do what was declared for it, and nothing else, through each member", async () => {
    expect(await cluster.as("operator", ["put", "/shared/x", "1"])).toMatchObject({ ok: true });
    expect(await cluster.as("operator", ["put", "/apple", "1"])).toMatchObject({ ok: true });
    for (const machine of cluster.machines) {
      const through = (client: string, ...args: string[]): Promise<EtcdctlResult> =>
        cluster.as(client, args, [machine]);
      expect(await through("app", "put", "/app/x", machine.name)).toMatchObject({ ok: true });
      expect(await through("app", "get", "/shared/x")).toMatchObject({ ok: true });
      expect(await through("app", "put", "/shared/x", "2")).toMatchObject(PERMISSION_DENIED);
      expect(await through("app", "get", "/apple")).toMatchObject(PERMISSION_DENIED);
      expect(await through("app", "get", "--prefix", "/")).toMatchObject(PERMISSION_DENIED);
      expect(await through("reader", "get", "--prefix", "/app/")).toMatchObject({ ok: true });
      expect(await through("reader", "put", "/app/x", "2")).toMatchObject(PERMISSION_DENIED);
      expect(await through("reader", "user", "list")).toMatchObject(PERMISSION_DENIED);
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

  it("end, with all that is open, when a client leaves the code; those who stay connect anew", async () => {
    cpSync(path.join(harness.paths.access, "leaver"), path.join(harness.paths.access, "left"), { recursive: true });
    const [leaving, staying] = await Promise.all(
      ["left", "app"].map((client) => Promise.all(cluster.machines.map((machine) => open(client, machine)))),
    );
    for (const one of [...leaving, ...staying])
      expect(await waitUntil(async () => (await held(one)) === 2, 10_000)).toBe(true);
    await untilHeard([...leaving, ...staying], "before");
    const begun: Record<string, number> = {};
    const cut: Record<string, number> = {};
    const lines = await deploy(
      "a client goes",
      { ...KNOBS, clients: { app: STAYS, reader: CLIENTS.reader } },
      (line) => {
        const step = /(etcd-\w+)_cut-sessions-\d+_\w+: Creating/.exec(line)?.[1];
        if (step !== undefined) begun[step] = Date.now();
        const done = /\b(etcd-\w+): cut \d+ connections/.exec(line)?.[1];
        if (done !== undefined) cut[done] = Date.now();
      },
    );
    expect(
      lines
        .filter((line) => line.includes("cut "))
        .map((line) => line.split(":")[0])
        .sort(),
    ).toEqual(cluster.machines.map(({ name }) => name).sort());
    for (const { machine, watch, lease, lock } of leaving) {
      const ended = [watch, lease, lock].map((one) => one.ended ?? NaN);
      expect([machine.name, ended.map(Number.isFinite)]).toEqual([machine.name, [true, true, true]]);
      const since = (at: number): string => (Math.max(0, at - begun[machine.name]) / 1000).toFixed(1);
      // What a client has open ends as soon as it notices, and a lease once nobody has kept it alive for its time.
      process.stderr.write(
        `      through ${machine.name}: connections were cut ${since(cut[machine.name])} s after the step there began, and ` +
          `the client's programs had ended after ${since(Math.max(...ended))} s\n`,
      );
    }
    await untilHeard(staying, "after");
    expect(leaving.filter(({ watch }) => watch.heard.includes("after"))).toEqual([]);
    for (const one of leaving) expect(await waitUntil(async () => (await held(one)) === 0, 30_000)).toBe(true);
    for (const one of staying) expect([one.prefix, await held(one)]).toEqual([one.prefix, 2]);
  });

  it("change by a step of their own: what is given first, what is taken last, what was made by hand never", async () => {
    const hand = await cluster.on(
      cluster.machines[0],
      "etcdctl role add by-hand && etcdctl user add --no-password by-hand && etcdctl user grant-role app by-hand",
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
    expect(await cluster.as("app", ["put", "/app/x", "3"])).toMatchObject(PERMISSION_DENIED);
    expect(await cluster.as("app", ["put", "/other/x", "3"])).toMatchObject({ ok: true });
    expect(await cluster.as("late", ["put", "/anything", "3"])).toMatchObject({ ok: true });
  });

  it("are turned off again", async () => {
    const lines = await deploy("authorization off", { ...UNDECIDED, authorization: false });
    expect(lines).toContainEqual(expect.stringContaining("turns authorization off"));
    expect((await cluster.as("operator", ["user", "list"])).stdout.trim().split("\n")).toEqual(["by-hand", "root"]);
    expect(await cluster.as("operator", ["put", "/app/x", "4"])).toMatchObject({ ok: true });
  });

  it("have lost no write, and the cluster was linearizable and in quorum all along", async () => {
    await loaded.load.finish();
    process.stderr.write(`${operationTable(rows)}\n`);
  });
});
