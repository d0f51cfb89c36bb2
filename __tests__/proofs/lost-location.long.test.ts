import { LabHarness, said } from "../../proofs/harness";

jest.setTimeout(900_000);

const harness = new LabHarness();

beforeAll(async () => {
  await harness.up();
});
afterAll(async () => {
  await harness.down();
});

describe("a location that is lost for good", () => {
  it("is replaced by another: its dead member leaves first, or etcd would let nobody join", async () => {
    await harness.deploy({ regions: ["lon1", "nyc1", "sgp1"] });
    const before = await harness.cluster();
    await before.etcdctl(["put", "/kept", "yes"]);
    await harness.destroy([before.machine("etcd-nyc1").id]);

    const lines = said(await harness.deploy({ regions: ["lon1", "nyc3", "sgp1"] }));
    const order = lines.filter((line) => /: removing |added as a learner|promoted|: restarting/.test(line));
    expect(order).toEqual([
      expect.stringMatching(/^etcd-nyc3: removing the dead member etcd-nyc1 \([0-9a-f]+, \S+\)$/),
      "etcd-nyc3: added as a learner",
      "etcd-nyc3: caught up: promoted to a voting member",
    ]);
    const cluster = await harness.cluster();
    await cluster.mustBeHealthy();
    expect((await cluster.status()).members.map(({ name }) => name).sort()).toEqual([
      "etcd-lon1",
      "etcd-nyc3",
      "etcd-sgp1",
    ]);
    expect((await cluster.etcdctl(["get", "--print-value-only", "/kept"])).stdout.trim()).toBe("yes");
  });
});
