import { LabDroplet } from "../../lab/api-client";
import { LabCluster } from "../../lab/cluster";
import { wanClient } from "../../lab/wan-client";
import { eventually, LabHarness } from "../../lab/harness";

jest.setTimeout(300_000);

const harness = new LabHarness();
/** Short, so that the test need not wait a minute; everything else is as deployed by default. */
const SETTLE_SECONDS = 5;

let cluster: LabCluster;
let london: LabDroplet;
let newYork: LabDroplet;
let singapore: LabDroplet;

beforeAll(async () => {
  await harness.up();
  await harness.deploy({ leader: { settleSeconds: SETTLE_SECONDS } });
  cluster = await harness.cluster();
  london = cluster.machine("etcd-lon1");
  newYork = cluster.machine("etcd-nyc3");
  singapore = cluster.machine("etcd-sgp1");
});
afterAll(async () => {
  await harness.down();
});

/** What the leader's timer said on a machine since it was asked last. */
async function placed(machine: LabDroplet): Promise<string[]> {
  const { stdout } = await cluster.on(
    machine,
    "journalctl -u etcd-leader -o cat --no-pager --cursor-file=/run/leader-test.cursor | grep -E '^etcd-[a-z0-9]+: ' || true",
  );
  return stdout.split("\n").filter((line) => line !== "");
}

function moves(lines: readonly string[]): string[] {
  return lines.flatMap((line) => /moving the leader to (\S+),/.exec(line)?.[1] ?? []);
}

/** Who leads, or nobody while that is being settled. */
async function leader(): Promise<string | undefined> {
  return (await cluster.status().catch(() => undefined))?.leader;
}

async function moveLeader(from: LabDroplet, to: LabDroplet): Promise<void> {
  const { ok, stderr } = await cluster.on(
    from,
    `etcdctl move-leader $(etcdctl member list | awk -F', ' '$3 == "${to.name}" { print $1 }')`,
  );
  if (!ok) throw new Error(`the leader did not move from ${from.name} to ${to.name}: ${stderr}`);
}

/**
 * Has a member look once, from now on: one that is looking already would say what it saw before.
 *
 * @param prepare command to run before, while it does not look
 */
async function look(machine: LabDroplet, prepare = "true"): Promise<void> {
  const idle = "while [ $(systemctl show -P ActiveState etcd-leader) = activating ]; do sleep 0.1; done";
  const { ok, stderr } = await cluster.on(machine, `${idle}; ${prepare} && systemctl start etcd-leader`);
  if (!ok) throw new Error(`${machine.name} did not look where the leader should be: ${stderr}`);
}

// One story, in order.
describe("the leader's place", () => {
  it("has a timer on every member, and starts where it should be", async () => {
    for (const machine of cluster.machines) {
      const { stdout } = await cluster.on(
        machine,
        "systemctl is-active etcd-leader.timer; systemctl is-failed etcd-leader",
      );
      expect([machine.name, stdout.split("\n")[0]]).toEqual([machine.name, "active"]);
      expect([machine.name, stdout]).not.toEqual([machine.name, expect.stringContaining("failed")]);
    }
    expect(await leader()).toBe("etcd-lon1");
  });

  it("is the second best when the best location is lost", async () => {
    await harness.lab.api().power(london, "power_off");
    await eventually("a leader without London", async () =>
      [newYork.name, singapore.name].includes((await leader()) ?? ""),
    );
    // Whoever was elected: the worst place is where the way to the second best can be seen.
    if ((await leader()) === newYork.name) await moveLeader(newYork, singapore);
    await eventually("the leader in New York", async () => (await leader()) === newYork.name, 90);
    expect(moves(await placed(singapore)).slice(-1)).toEqual([newYork.name]);
  });

  it("is the best again once that is back and well, by exactly one transfer", async () => {
    await placed(newYork);
    const before = (await cluster.view(newYork)).term;
    await harness.lab.api().power(london, "power_on");
    await eventually("the leader back in London", async () => (await leader()) === london.name, 90);
    expect(moves(await placed(newYork))).toEqual([london.name]);
    expect((await cluster.view(newYork)).term).toBe(before + 1);
  });

  it("stays put while the way to the better place swings, and moves once when that is over", async () => {
    await moveLeader(london, newYork);
    // The waiting that earlier changes of leadership have earned is another matter than the one tried here.
    await cluster.on(newYork, "rm -f /run/etcd-leader/*");
    await placed(newYork);
    const before = (await cluster.view(newYork)).term;
    const wan = wanClient(harness.paths);
    for (let swing = 0; swing < 6; swing += 1) {
      // Never well for as long as it takes. The timer's own looks come on top of these.
      await wan.link({ a: "lon1", b: "nyc3", rttMs: 78 });
      await look(newYork);
      await new Promise((resolve) => setTimeout(resolve, 2000));
      await wan.link({ a: "lon1", b: "nyc3", rttMs: 400 });
      await look(newYork);
    }
    expect([await leader(), (await cluster.view(newYork)).term]).toEqual([newYork.name, before]);
    const during = await placed(newYork);
    expect(moves(during)).toEqual([]);
    // It did look, and found the way both well and not.
    expect(during.filter((line) => line.includes("etcd-lon1 is a better place for the leader"))).toHaveLength(6);
    expect(during.filter((line) => line.includes("etcd-lon1 is not well any more"))).toHaveLength(6);

    await wan.heal();
    await eventually("the leader back in London", async () => (await leader()) === london.name, 90);
    expect(moves(await placed(newYork))).toEqual([london.name]);
    expect((await cluster.view(london)).term).toBe(before + 1);
  });

  it("waits twice as long for each further time that leadership was lost after a move", async () => {
    await moveLeader(london, newYork);
    // Four changes of leadership within the hour, by this member's own watch.
    await cluster.on(newYork, "systemctl stop etcd-leader.timer");
    await look(
      newYork,
      'now=$(cut -d. -f1 /proc/uptime); for term in 1 2 3 4; do echo "$((now - 60)) $term"; done >/run/etcd-leader/terms; rm -f /run/etcd-leader/well.*',
    );
    // With the one it has just found: five changes, two beyond the three of a loss and a return.
    expect((await placed(newYork)).at(-1)).toContain(`once all has been well for ${2 * SETTLE_SECONDS} s`);
  });

  it("follows names instead of distances, and stays where it is told to when it is not automatic", async () => {
    await harness.deploy({ leader: { preferred: ["etcd-sgp1"], automatic: false } });
    expect(await leader()).toBe("etcd-sgp1");
    for (const machine of cluster.machines) {
      const { stdout } = await cluster.on(
        machine,
        "systemctl is-active etcd-leader.timer; systemctl is-enabled etcd-leader.timer",
      );
      expect([machine.name, stdout]).toEqual([machine.name, "inactive\ndisabled\n"]);
    }
  });
});
