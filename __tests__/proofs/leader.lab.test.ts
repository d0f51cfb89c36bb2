import type { EtcdctlResult } from "../../proofs/lab-cluster";
import { useDeployed } from "./deployed";
import { PERMISSION_DENIED } from "./sessions";
import { leader, SETTLE_SECONDS } from "./leadership";

jest.setTimeout(900_000);

// With authorization, under which transfers of leadership need root, and etcd's gateway is off: they have to come about over gRPC.
const deployed = useDeployed({
  leader: { settleSeconds: SETTLE_SECONDS },
  authorization: true,
  clients: { app: { readWrite: ["/app/"] }, reader: { read: ["/app/"] } },
});

// One story, in order.
describe("the leader's place", () => {
  it("has a timer on every member, and starts where it should be", async () => {
    const { cluster, london } = deployed;
    for (const machine of cluster.machines) {
      const { stdout } = await cluster.on(
        machine,
        "systemctl is-active etcd-leader.timer; systemctl is-failed etcd-leader",
      );
      expect([machine.name, stdout.split("\n")[0]]).toEqual([machine.name, "active"]);
      expect([machine.name, stdout]).not.toEqual([machine.name, expect.stringContaining("failed")]);
    }
    expect(await leader(cluster)).toBe("etcd-lon1");
    // One round trip to New York; led from there it would be two.
    const ms = await cluster.writeMs(london);
    expect([ms > 77, ms < 156, ms]).toEqual([true, true, ms]);
  });

  it("is kept under authorization: a client may do what is declared for it, and nothing else, through each member", async () => {
    const { cluster } = deployed;
    for (const machine of cluster.machines) {
      const through = (client: string, ...args: string[]): Promise<EtcdctlResult> =>
        cluster.as(client, args, [machine]);
      expect(await through("app", "put", "/app/x", machine.name)).toMatchObject({ ok: true });
      expect(await through("app", "get", "/apple")).toMatchObject(PERMISSION_DENIED);
      expect(await through("reader", "get", "/app/x")).toMatchObject({ ok: true, stdout: `/app/x\n${machine.name}\n` });
      expect(await through("reader", "put", "/app/x", "2")).toMatchObject(PERMISSION_DENIED);
      expect(await through("reader", "compact", "1")).toMatchObject(PERMISSION_DENIED);
    }
  });

  it("follows names instead of distances, and stays where it is told to when it is not automatic", async () => {
    const { harness, cluster } = deployed;
    // For what each member has ended its sessions last.
    const ended = (): Promise<string[]> =>
      Promise.all(
        cluster.machines.map(
          async (machine) => (await cluster.on(machine, "cat /var/lib/cdktf-etcd-node/sessions-cut")).stdout,
        ),
      );
    const before = await ended();
    await harness.deploy({
      leader: { preferred: ["etcd-sgp1"], automatic: false },
      authorization: true,
      clients: { app: { readWrite: ["/app/"] }, reader: { read: ["/other/"] } },
    });
    expect(await leader(cluster)).toBe("etcd-sgp1");
    for (const machine of cluster.machines) {
      const { stdout } = await cluster.on(
        machine,
        "systemctl is-active etcd-leader.timer; systemctl is-enabled etcd-leader.timer",
      );
      expect([machine.name, stdout]).toEqual([machine.name, "inactive\ndisabled\n"]);
    }
    // What was taken away in the same deploy is gone on every member, and each has ended the sessions that there were.
    expect(await ended()).not.toEqual(before);
    expect(new Set(await ended()).size).toBe(1);
    for (const machine of cluster.machines)
      expect(await cluster.as("reader", ["get", "/app/x"], [machine])).toMatchObject(PERMISSION_DENIED);
  });
});
