import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, Server } from "node:net";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { isAlive, Lab, LabPaths, OWNER_FILE, ProcessRecord, readJson, signal, writeAtomically } from "terraform-lab";
import { eventually, LabHarness, said } from "../../proofs/harness";
import definition from "../../proofs/lab.config";

jest.setTimeout(900_000);

const harness = new LabHarness();
const PAIRS = [
  ["lon1", "nyc3"],
  ["lon1", "sgp1"],
  ["nyc3", "sgp1"],
] as const;

beforeAll(async () => {
  await harness.up();
});
afterAll(async () => {
  await harness.down();
});

describe("a birth that fails half-way", () => {
  it("founds nothing while the founders can't reach each other, and says what is in the way", async () => {
    const wan = harness.lab.wan();
    for (const [a, b] of PAIRS) await wan.link({ a, b, down: true });
    const { exitCode, output } = await harness.interrupt("deploy", /waiting for the way to /);
    expect(exitCode).not.toBe(0);
    expect(said(output).at(-1)).toMatch(/^etcd-lon1: waiting for the way to https:\S+:2380 https:\S+:2380$/);
    const cluster = await harness.cluster();
    for (const machine of cluster.machines) {
      const { stdout } = await cluster.on(machine, "ls /var/lib/etcd /var/lib/cdktf-etcd-node 2>&1; true");
      expect([machine.name, stdout]).toEqual([machine.name, expect.not.stringMatching(/may-found|member/)]);
    }
  });

  it("is interrupted when the founders were told and can't reach each other any more: nobody acts as a cluster", async () => {
    const wan = harness.lab.wan();
    await wan.heal();
    let cut: Promise<unknown> = Promise.resolve();
    const { exitCode, output } = await harness.interrupt("deploy", /waiting for etcd-/, {}, undefined, (line) => {
      if (/_genesis_.*: Creation complete/.test(line)) {
        cut = Promise.all(PAIRS.map(([a, b]) => wan.link({ a, b, down: true })));
      }
    });
    await cut;
    expect(exitCode).not.toBe(0);
    expect(said(output)).toContainEqual(
      expect.stringMatching(/^etcd-lon1: waiting for etcd-lon1 etcd-nyc3 etcd-sgp1$/),
    );
  });

  it("refuses to found again when most of its machines were replaced, and gives the line to type", async () => {
    const api = harness.lab.api();
    const cluster = await harness.cluster();
    for (const name of ["etcd-nyc3", "etcd-sgp1"]) {
      await api.request("DELETE", `/v2/droplets/${cluster.machine(name).id}`);
    }
    await harness.lab.wan().heal();
    const { output } = await harness.interrupt("deploy", /waiting for etcd-/);
    const lines = said(output);
    expect(lines.filter((line) => line.includes("founding"))).toEqual([]);
    expect(lines).toContainEqual(
      expect.stringMatching(
        /^etcd-nyc3: has no data of the cluster's, and no other member answers yet: joining as soon as one does/,
      ),
    );
    expect(lines).toContain("etcd-lon1: was started before and still waits for a quorum: starting it again");

    // The same step with a short budget, as the machine runs it.
    const again = await harness.cluster();
    const { ok, stdout } = await again.on(
      again.machine("etcd-lon1"),
      "sed -i 's/^HEALTH_BUDGET_SECONDS=.*/HEALTH_BUDGET_SECONDS=1/' /etc/etcd/rollout.env; /usr/local/lib/cdktf-etcd/converge",
    );
    expect([ok, stdout]).toEqual([
      false,
      expect.stringContaining("count 'founding' of the cluster's origin up by one") as string,
    ]);
  });

  it("is founded anew on the machines as they are once that line was typed, even if not by all at once", async () => {
    const edit = { origin: { empty: { founding: 2 } } };
    const { output } = await harness.interrupt("deploy", /_etcd-nyc3_activate-\d_.*: Creation complete/, edit);
    const founded = said(output).filter((line) => line.includes("founding the cluster"));
    expect(founded.map((line) => line.slice(0, 9))).toEqual(["etcd-sgp1", "etcd-nyc3"]);
    const cluster = await harness.cluster();
    const two = cluster.machines.filter(({ name }) => name !== "etcd-lon1");
    await cluster.untilHealthy(two);
  });

  it("takes in the founder that still has the data of the birth before, which it sets aside", async () => {
    const lines = said(await harness.deploy({ origin: { empty: { founding: 2 } } }));
    expect(lines).toContain("etcd-lon1: setting aside the data of a birth that never completed");
    expect(lines.filter((line) => line.includes("founding the cluster"))).toHaveLength(1);
    const cluster = await harness.cluster();
    await cluster.mustBeHealthy();
    // The joins that waited since the deploy before would restart a member that was founded meanwhile.
    for (const machine of cluster.machines) {
      const { stdout } = await cluster.on(machine, "systemctl is-active etcd-join; systemctl is-enabled etcd-join");
      expect([machine.name, stdout]).toEqual([machine.name, "inactive\ndisabled\n"]);
    }
  });

  it("never founds again what was healthy once, even if that line is typed", async () => {
    const cluster = await harness.cluster();
    await cluster.etcdctl(["put", "/kept", "yes"]);
    const lines = said(await harness.deploy({ origin: { empty: { founding: 3 } } }));
    expect(lines.filter((line) => line.includes("founding"))).toEqual([]);
    expect((await cluster.etcdctl(["get", "--print-value-only", "/kept"])).stdout.trim()).toBe("yes");
  });

  it("does not let a member that lost its log come back by itself as an empty one; the next deploy has it join anew", async () => {
    const cluster = await harness.cluster();
    const machine = cluster.machine("etcd-sgp1");
    const others = cluster.machines.filter((one) => one !== machine);
    await cluster.on(machine, "rm -rf /var/lib/etcd/member; systemctl kill --signal=KILL etcd");
    const refused = "not started: this member was part of the cluster, and its log is gone from /var/lib/etcd";
    await eventually(
      "a start that is refused",
      async () => (await cluster.on(machine, `journalctl -u etcd -o cat | grep -cF '${refused}'`)).ok,
    );
    expect((await cluster.on(machine, "ls -A /var/lib/etcd")).stdout).toBe("");
    await cluster.mustBeHealthy(others);
    const lines = said(await harness.deploy({ origin: { empty: { founding: 3 } }, quotaGiB: 1 }));
    expect(lines).toContainEqual(expect.stringMatching(/^etcd-sgp1: removing its dead predecessor/));
    expect(lines).toContain("etcd-sgp1: caught up: promoted to a voting member");
    await cluster.mustBeHealthy();
  });
});

describe("a lab that is half-dead", () => {
  it("is repaired by up, and its cluster goes on", async () => {
    const record = (file: string): ProcessRecord => JSON.parse(readFileSync(file, "utf8")) as ProcessRecord;
    process.kill(record(harness.paths.daemonRecord).pid, "SIGKILL");
    process.kill((await harness.lab.wan().hello()).pid, "SIGKILL");
    await harness.lab.up();
    const cluster = await harness.cluster();
    await cluster.untilHealthy();
  });

  it("ends the deploy that is under way when it is taken down", async () => {
    const logFile = path.join(mkdtempSync(path.join(tmpdir(), "cdktf-etcd-test-")), "deploy.log");
    let down: Promise<void> | undefined;
    const { exitCode } = await harness.run(
      "deploy",
      { origin: { empty: { founding: 3 } }, quotaGiB: 2 },
      {
        logFile,
        onLine: (line) => {
          if (line.includes(": Creating...")) down ??= harness.down();
        },
      },
    );
    expect(exitCode).not.toBe(0);
    expect(down).toBeDefined();
    await down;
    expect(harness.leftDirectory).toBe(false);
    rmSync(path.dirname(logFile), { recursive: true });
  });

  it("leaves a living lab of another checkout alone, and takes over from one that died", async () => {
    const elsewhere = mkdtempSync(path.join(tmpdir(), "cdktf-etcd-test-"));
    const lines: string[] = [];
    const other = new Lab(definition, new LabPaths(path.join(elsewhere, "lab")), (line) => lines.push(line));
    await harness.lab.up();
    await expect(other.up()).rejects.toThrow(
      `Another lab has this machine's lab addresses: ${harness.paths.root}. End it first: ` +
        `TERRAFORM_LAB=${harness.paths.root} npm run lab -- down`,
    );

    const daemon = readJson(harness.paths.daemonRecord) as ProcessRecord;
    // Both labs are of this process here: the record of another's has to be of one that ended.
    writeAtomically(OWNER_FILE, JSON.stringify({ root: harness.paths.root }), 0o644);
    signal(daemon, "SIGKILL");
    // Told to end is not ended: a process takes a while to give its memory back.
    await eventually("the end of the API server", () => Promise.resolve(!isAlive(daemon)));
    await expect(other.down()).rejects.toThrow("Another lab has this machine's lab addresses");
    await harness.lab.wan().stop();
    await other.down();
    expect(lines).toContain(
      `Removing what is left of the lab ${harness.paths.root}, which ended without taking it down`,
    );
    expect(harness.leftDirectory).toBe(false);
    rmSync(elsewhere, { recursive: true });
  });

  it("is not started over another program's port, and says how to mend it", async () => {
    const server: Server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    process.env.TERRAFORM_LAB_PORT = String(port);
    try {
      await expect(new Lab(definition, harness.paths, () => undefined).up()).rejects.toThrow(
        new RegExp(`Port ${port} on 127.0.0.1.*is taken by another program.*TERRAFORM_LAB_PORT=${port + 1}`),
      );
    } finally {
      delete process.env.TERRAFORM_LAB_PORT;
      server.close();
    }
  });
});
