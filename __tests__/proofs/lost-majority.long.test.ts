import { LabHarness, said } from "../../proofs/harness";

jest.setTimeout(600_000);

const harness = new LabHarness();
const FIVE = { regions: ["lon1", "nyc3", "sgp1", "sfo3", "ams3"], authorization: true };

beforeAll(async () => {
  await harness.up();
});
afterAll(async () => {
  await harness.down();
});

// One story, in order: each test starts from what the one before left.
describe("a majority that is lost where two of five are left", () => {
  it("is not founded anew from the one of them that has less", async () => {
    await harness.deploy(FIVE);
    const cluster = await harness.cluster();
    const [behind, ahead] = [cluster.machine("etcd-nyc3"), cluster.machine("etcd-sfo3")];
    await cluster.etcdctl(["put", "/both", "yes"]);
    await cluster.on(behind, "systemctl stop etcd");
    await cluster.etcdctl(["put", "/one", "yes"]);
    // By then it has applied that write.
    await cluster.on(ahead, "etcdctl get /one");
    await harness.destroy(
      cluster.machines.filter((machine) => machine !== behind && machine !== ahead).map(({ id }) => id),
    );
    await cluster.on(behind, "systemctl start --no-block etcd");

    const lines = said(
      await harness.deployFails({ ...FIVE, origin: { fromSurvivor: { member: behind.name, founding: 2 } } }),
    );
    expect(lines).toContainEqual(
      expect.stringMatching(
        /^error: etcd-nyc3: https:\/\/\S+ has entries up to \d+, this member only up to \d+: name that one .*Nothing was changed/,
      ),
    );
    for (const machine of [behind, ahead]) {
      const { stdout } = await cluster.on(machine, "ls -d /var/lib/etcd /var/lib/etcd.*");
      expect([machine.name, stdout]).toEqual([machine.name, "/var/lib/etcd\n"]);
    }
  });

  it("is founded anew from the one that has more, interrupted while the other one joins", async () => {
    const edit = { ...FIVE, origin: { fromSurvivor: { member: "etcd-sfo3", founding: 2 } } };
    const interrupted = await harness.interrupt("deploy", /etcd-nyc3: setting aside the data/, edit);
    expect(interrupted.exitCode).not.toBe(0);
    expect(said(interrupted.output)).toContainEqual(
      expect.stringMatching(
        /^etcd-sfo3: founding the cluster anew from this member's data, which goes up to entry \d+/,
      ),
    );
    const again = said(await harness.deploy(edit));
    expect(again.filter((line) => line.includes("founding"))).toEqual([]);
    const promoted = [...said(interrupted.output), ...again].filter((line) => line.includes("promoted"));
    expect(promoted.map((line) => line.slice(0, 9)).sort()).toEqual([
      "etcd-ams3",
      "etcd-lon1",
      "etcd-nyc3",
      "etcd-sgp1",
    ]);

    const cluster = await harness.cluster();
    await cluster.mustBeHealthy();
    for (const machine of cluster.machines) {
      const { stdout } = await cluster.on(machine, "etcdctl get --prefix / --keys-only --consistency=s | grep .");
      expect([machine.name, stdout]).toEqual([machine.name, "/both\n/one\n"]);
    }
    // The survivor has brought users along, and authorization.
    const { stdout: status } = await cluster.on(cluster.machine("etcd-sfo3"), "etcdctl auth status");
    expect(status).toContain("Authentication Status: true");
    expect(await cluster.etcdctl(["get", "/one", "--print-value-only"])).toMatchObject({ ok: true, stdout: "yes\n" });
    const kept = await cluster.on(cluster.machine("etcd-nyc3"), "ls -d /var/lib/etcd.before-recovery.*/member/wal");
    expect(kept.ok).toBe(true);
  });

  it("has nothing left to do once the survivor is taken out", async () => {
    const lines = said(await harness.deploy({ ...FIVE, origin: { empty: { founding: 2 } } }));
    expect(lines.filter((line) => /: (restarting|removing|founding)/.test(line))).toEqual([]);
    const cluster = await harness.cluster();
    await cluster.mustBeHealthy();
  });
});
