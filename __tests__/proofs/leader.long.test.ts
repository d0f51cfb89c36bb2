import { eventually } from "../../proofs/harness";
import { useDeployed } from "./deployed";
import { leader, look, moveLeader, moves, placed, SETTLE_SECONDS } from "./leadership";

jest.setTimeout(900_000);

// With authorization, under which transfers of leadership need root, and etcd's gateway is off: they have to come about over gRPC.
const deployed = useDeployed({ leader: { settleSeconds: SETTLE_SECONDS }, authorization: true });

// One story, in order.
describe("the leader's place", () => {
  it("is the second best when the best location is lost", async () => {
    const { harness, cluster, london, newYork, singapore } = deployed;
    await harness.lab.api().power(london, "power_off");
    await cluster.untilWritten(newYork, 60);
    await eventually("a leader without London", async () =>
      [newYork.name, singapore.name].includes((await leader(cluster)) ?? ""),
    );
    // Whoever was elected: the worst place is where the way to the second best can be seen.
    if ((await leader(cluster)) === newYork.name) await moveLeader(cluster, newYork, singapore);
    const ledFromNewYork = async (): Promise<boolean> => {
      // What its timer does, without the waits in between.
      await look(cluster, singapore);
      return (await leader(cluster)) === newYork.name;
    };
    await eventually("the leader in New York", ledFromNewYork, 90);
    expect(moves(await placed(cluster, singapore)).slice(-1)).toEqual([newYork.name]);
  });

  it("is the best again once that is back and well, by exactly one transfer", async () => {
    const { harness, cluster, london, newYork } = deployed;
    await placed(cluster, newYork);
    const before = (await cluster.view(newYork)).term;
    await harness.lab.api().power(london, "power_on");
    await eventually("the leader back in London", async () => (await leader(cluster)) === london.name, 90);
    expect(moves(await placed(cluster, newYork))).toEqual([london.name]);
    expect((await cluster.view(newYork)).term).toBe(before + 1);
  });

  it("stays put while the way to the better place swings, and moves once when that is over", async () => {
    const { harness, cluster, london, newYork } = deployed;
    await moveLeader(cluster, london, newYork);
    // The waiting that earlier changes of leadership have earned is another matter than the one tried here.
    await cluster.on(newYork, "rm -f /run/etcd-leader/*");
    await placed(cluster, newYork);
    const before = (await cluster.view(newYork)).term;
    const wan = harness.lab.wan();
    for (let swing = 0; swing < 6; swing += 1) {
      // Never well for as long as it takes. The timer's own looks come on top of these.
      await wan.link({ a: "lon1", b: "nyc3", rttMs: 78 });
      await look(cluster, newYork);
      await new Promise((resolve) => setTimeout(resolve, 2000));
      await wan.link({ a: "lon1", b: "nyc3", rttMs: 400 });
      await look(cluster, newYork);
    }
    expect([await leader(cluster), (await cluster.view(newYork)).term]).toEqual([newYork.name, before]);
    const during = await placed(cluster, newYork);
    expect(moves(during)).toEqual([]);
    // It did look, and found the way both well and not.
    expect(during.filter((line) => line.includes("etcd-lon1 is a better place for the leader"))).toHaveLength(6);
    expect(during.filter((line) => line.includes("etcd-lon1 is not well any more"))).toHaveLength(6);

    await wan.heal();
    await eventually("the leader back in London", async () => (await leader(cluster)) === london.name, 90);
    expect(moves(await placed(cluster, newYork))).toEqual([london.name]);
    expect((await cluster.view(london)).term).toBe(before + 1);
  });

  it("waits twice as long for each further time that leadership was lost after a move", async () => {
    const { cluster, london, newYork } = deployed;
    await moveLeader(cluster, london, newYork);
    // Four changes of leadership within the hour, by this member's own watch.
    await cluster.on(newYork, "systemctl stop etcd-leader.timer");
    await look(
      cluster,
      newYork,
      'now=$(cut -d. -f1 /proc/uptime); for term in 1 2 3 4; do echo "$((now - 60)) $term"; done >/run/etcd-leader/terms; rm -f /run/etcd-leader/well.*',
    );
    // With the one it has just found: five changes, two beyond the three of a loss and a return.
    expect((await placed(cluster, newYork)).at(-1)).toContain(`once all has been well for ${2 * SETTLE_SECONDS} s`);
  });
});
