import { LabDroplet } from "terraform-lab";
import { EtcdctlResult, LabCluster } from "../../proofs/lab-cluster";
import { LabHarness, said } from "../../proofs/harness";
import { onNodesOf, set } from "./on-nodes";

jest.setTimeout(900_000);

const harness = new LabHarness();
let cluster: LabCluster;
let london: LabDroplet;
let newYork: LabDroplet;
let singapore: LabDroplet;
const { on, start, words } = onNodesOf(() => cluster);

/** Everything but what a test is about. */
const knobs = (more: object = {}) => ({
  // The leader stays where a test puts it.
  leader: { automatic: false },
  // Under which compaction, snapshots and defragmentation are root's.
  authorization: true,
  upkeep: { minimumFreeMiB: 16 },
  backup: {},
  ...more,
});

/** From here on each unit runs when a test says so. */
async function stopTimers(): Promise<void> {
  for (const machine of cluster.machines)
    await on(machine, "systemctl stop etcd-backup.timer etcd-defragment.timer etcd-metrics.timer");
}

beforeAll(async () => {
  await harness.up();
  await harness.deploy(knobs());
  cluster = await harness.cluster();
  london = cluster.machine("etcd-lon1");
  newYork = cluster.machine("etcd-nyc3");
  singapore = cluster.machine("etcd-sgp1");
  await stopTimers();
  // One has been taken of any cluster that is old enough to have something to defragment.
  await on(singapore, "/usr/local/lib/cdktf-etcd/backup now");
});
afterAll(async () => {
  await harness.down();
});

/** Compacts all history. What that frees is counted as free once more has been written. */
const COMPACT =
  "etcdctl compact --physical $(etcdctl endpoint status -w json | grep -o '\"revision\":[0-9]*' | cut -d: -f2); for i in 1 2 3; do etcdctl put /counted $i; sleep 0.2; done";

/** Puts values of 1 MiB, one after the other, and says how the last one ended. */
const fill = (count: number, key: string): string =>
  `head -c 1000000 /dev/urandom | base64 -w 0 | head -c 1048576 >/tmp/value; for i in $(seq ${count}); do etcdctl put ${key} </tmp/value 2>&1 || break; done | tail -n 1`;

// One story, in order.
describe("defragmentation", () => {
  it("is not done while a member is unwell", async () => {
    expect(await on(london, fill(30, "/filled"))).toBe("OK");
    await on(london, COMPACT);
    await on(newYork, "systemctl stop etcd");
    await start("etcd-defragment", [london, singapore]);
    expect(await words(singapore, "etcd-defragment")).toEqual([
      "etcd-sgp1: etcd-sgp1 is not defragmented: etcd-nyc3 does not commit writes",
    ]);
    await on(newYork, "systemctl start etcd");
    await cluster.untilHealthy();
  });

  it("is done by one member for all, one after the other, the leader last and after it handed over", async () => {
    expect((await cluster.status()).leader).toBe("etcd-lon1");
    await on(singapore, set("/etc/etcd/upkeep.env", "IN_PLACE_BYTES", "1000"));
    // As a backup of a large database does, until it is waited for.
    await on(singapore, "systemd-run --quiet --unit=reader flock /var/lib/etcd-backup/.reading sleep 60");
    const [results] = await Promise.all([
      start("etcd-defragment"),
      on(
        singapore,
        "until journalctl -u etcd-defragment -o cat --no-pager | grep -q ': waiting: '; do sleep 0.5; done; systemctl stop reader",
      ),
    ]);
    expect(results.map(({ ok }) => ok)).toEqual([true, true, true]);
    const said = await words(singapore, "etcd-defragment");
    expect(said.filter((line) => /: (waiting|defragmented|handing)/.test(line))).toEqual([
      "etcd-sgp1: waiting: a backup reads the database of etcd-sgp1",
      expect.stringMatching(/: defragmented etcd-sgp1: 3\d MiB before, [1-5] MiB now$/),
      expect.stringMatching(/: defragmented etcd-nyc3: 3\d MiB before, [1-5] MiB now$/),
      "etcd-sgp1: handing leadership over to etcd-nyc3",
      expect.stringMatching(/: defragmented etcd-lon1: 3\d MiB before, [1-5] MiB now$/),
    ]);
    expect([await words(london, "etcd-defragment"), await words(newYork, "etcd-defragment")]).toEqual([[], []]);
    expect((await cluster.status()).leader).toBe("etcd-nyc3");
  });

  it("is not done where it does not pay", async () => {
    await start("etcd-defragment");
    for (const machine of cluster.machines) expect(await words(machine, "etcd-defragment")).toEqual([]);
  });
});

describe("a full quota", () => {
  const reclaim = (): Promise<EtcdctlResult> => cluster.on(newYork, "/usr/local/lib/cdktf-etcd/reclaim-space");

  /** Gives the members a quota far below what the prop takes, and below what is in use: the next write raises the alarm. */
  async function exceedQuota(): Promise<void> {
    // A member that is behind would apply the last writes under the small quota, which raises the alarm too early.
    await cluster.mustBeHealthy();
    await Promise.all(
      cluster.machines.map((machine) =>
        on(
          machine,
          `${set("/etc/etcd/etcd.env", "ETCD_QUOTA_BACKEND_BYTES", String(24 * 1024 ** 2))} systemctl restart etcd`,
        ),
      ),
    );
    await cluster.untilHealthy();
    expect(await on(london, fill(1, "/one-more"))).toContain("mvcc: database space exceeded");
    expect(await on(london, "etcdctl alarm list")).toContain("alarm:NOSPACE");
  }

  it("keeps its alarm while the keys themselves fill it", async () => {
    expect(await on(london, fill(28, "/kept/$i"))).toBe("OK");
    await exceedQuota();
    await start("etcd-metrics", [london]);
    expect(await on(london, "cat /var/lib/prometheus/node-exporter/cdktf-etcd.prom")).toMatch(
      /^cdktf_etcd_alarms\{.*alarm="NOSPACE"\} [1-3]$/m,
    );
    const { ok, stderr } = await reclaim();
    expect(ok).toBe(false);
    expect(stderr).toMatch(
      /there is no room yet: what is in use takes [23]\d of 24 MiB. Delete keys .* then run this again/,
    );
    expect(await on(london, "etcdctl alarm list")).toContain("alarm:NOSPACE");
  });

  // As a deploy asks every member before it changes any. That refuses less than 1 GiB, so what is staged is made by hand.
  it("is not come to by lowering the quota below what the database takes: refused before any member is touched", async () => {
    const lowered = (mebibytes: number): Promise<EtcdctlResult> =>
      cluster.on(
        london,
        "rm -rf /root/staged; mkdir -p /root/staged/etc; cp -aL /etc/etcd /root/staged/etc; " +
          set("/etc/etcd/etcd.env", "ETCD_QUOTA_BACKEND_BYTES", String(64 * 1024 ** 2)) +
          set("/root/staged/etc/etcd/etcd.env", "ETCD_QUOTA_BACKEND_BYTES", String(mebibytes * 1024 ** 2)) +
          "/usr/local/lib/cdktf-etcd/check-change /root/staged",
      );
    const { ok, stderr } = await lowered(24);
    expect([ok, stderr]).toEqual([
      false,
      expect.stringMatching(
        /the database takes [23]\d MiB, and this deploy lowers settings\.quotaGiB .* Nothing was changed\n$/,
      ),
    ]);
    expect(await lowered(63)).toMatchObject({ ok: true, stderr: "" });
  });

  // One GiB is more than what the members have been given by hand.
  it("does not keep a deploy from raising it, after which the alarm can be disarmed", async () => {
    const lines = said(await harness.deploy(knobs({ quotaGiB: 1 })));
    expect(lines.filter((line) => line.endsWith(": restarting"))).toEqual([
      "etcd-sgp1: restarting",
      "etcd-nyc3: restarting",
      "etcd-lon1: restarting",
    ]);
    expect(await on(london, "etcdctl alarm list")).toContain("alarm:NOSPACE");
    expect((await reclaim()).stdout).toMatch(/made room: [23]\d of 1024 MiB are in use; writes are taken again\n$/);
    expect(await on(london, "etcdctl put /after raised")).toBe("OK");
    await stopTimers();
  });

  it("takes writes again once keys are deleted and the space is reclaimed, by one command", async () => {
    await exceedQuota();
    await on(london, "etcdctl del --prefix /kept/");
    const { ok, stdout, stderr } = await reclaim();
    expect([ok, stderr]).toEqual([true, ""]);
    expect(stdout).toMatch(/^etcd-nyc3: will compact the history up to revision \d+ .*, defragment every member/);
    expect(stdout.match(/: defragmented etcd-/g)).toHaveLength(3);
    expect(stdout).toMatch(/made room: [0-5] of 24 MiB are in use; writes are taken again\n$/);
    expect([await on(london, "etcdctl alarm list"), await on(london, "etcdctl put /after reclaimed")]).toEqual([
      "",
      "OK",
    ]);
  });
});
