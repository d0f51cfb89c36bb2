import { existsSync, readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { LabDroplet } from "../../lab/api-client";
import { EtcdctlResult, LabCluster } from "../../lab/cluster";
import { unwrapped } from "../../lab/deploy";
import { S3Server, startS3Server } from "../../lab/s3-server";
import { ensureCommands } from "../../lab/tools/apt";
import { run } from "../../lab/tools/command";
import { LabHarness, said } from "../../lab/harness";
import { useCleanup } from "../cleanup";

jest.setTimeout(300_000);

const SECRET = "what nobody may read in the storage";
const BACKUP = /^etcd-\d{8}T\d{6}Z-\d+\.db$/;
/** Makes the functions of the node scripts that deal with backups known to a shell. */
const SCRIPTS = ". /usr/local/lib/cdktf-etcd/common.sh; . /usr/local/lib/cdktf-etcd/backups.sh;";

const harness = new LabHarness();
const atEnd = useCleanup();
let s3: S3Server;
let cluster: LabCluster;
let london: LabDroplet;
let newYork: LabDroplet;
let singapore: LabDroplet;

/** Everything but what a test is about. */
const knobs = (more: object = {}) => ({
  // The leader stays where a test puts it.
  leader: { automatic: false },
  upkeep: { minimumFreeMiB: 16 },
  backup: {
    keepLocal: 2,
    storage: {
      endpoint: s3.endpoint,
      allowInsecureEndpoint: true,
      region: s3.region,
      bucket: s3.bucket,
      accessKeyId: s3.accessKeyId,
      secretAccessKey: s3.secretAccessKey,
      passphrase: "correct horse battery staple",
      keepAtLeast: 2,
    },
  },
  ...more,
});

async function meet(): Promise<void> {
  cluster = await harness.cluster();
  london = cluster.machine("etcd-lon1");
  newYork = cluster.machine("etcd-nyc3");
  singapore = cluster.machine("etcd-sgp1");
}

beforeAll(async () => {
  await ensureCommands(["promtool"]);
  await harness.up();
  s3 = await startS3Server(path.join(harness.paths.root, "s3"));
  atEnd(() => s3.close());
  await harness.deploy(knobs());
  await meet();
});
afterAll(async () => {
  await harness.down();
});

/** Runs a command on a machine and expects it to succeed. */
async function on(machine: LabDroplet, command: string): Promise<string> {
  const { ok, stdout, stderr } = await cluster.on(machine, command);
  if (!ok) throw new Error(`${command} on ${machine.name}:\n${stderr}${stdout}`);
  return stdout.trim();
}

/** Names in a folder of the storage, without the suffix of encrypted objects. */
function objects(folder: string): string[] {
  const directory = path.join(s3.directory, folder);
  return (existsSync(directory) ? readdirSync(directory) : []).map((name) => name.replace(/\.bin$/, "")).sort();
}

/** The backups that the storage holds. */
function stored(): string[] {
  return objects("etcd").filter((name) => name.endsWith(".db"));
}

/** What tells whose the folder is. */
function owners(): string[] {
  return objects("etcd").filter((name) => name.startsWith("owner-"));
}

async function keptOn(machine: LabDroplet): Promise<string[]> {
  const { stdout } = await cluster.on(machine, "ls /var/lib/etcd-backup");
  return stdout.split("\n").filter((name) => name !== "");
}

/** Starts a unit as its timer does, on these machines at once. */
function start(unit: string, machines: readonly LabDroplet[] = cluster.machines): Promise<EtcdctlResult[]> {
  return Promise.all(machines.map((machine) => cluster.on(machine, `systemctl start ${unit}`)));
}

/** What a unit's scripts said on a machine since they were asked last. */
async function words(machine: LabDroplet, unit: string): Promise<string[]> {
  const { stdout } = await cluster.on(
    machine,
    `journalctl -u ${unit} -o cat --no-pager --cursor-file=/run/${unit}-test.cursor | grep -E '^(error: )?etcd-[a-z0-9]+: ' || true`,
  );
  return stdout.split("\n").filter((line) => line !== "");
}

/** Takes one from a member, in any case. */
const TAKE = "/usr/local/lib/cdktf-etcd/backup now";

const set = (file: string, name: string, value: string): string => `sed -i 's#^${name}=.*#${name}=${value}#' ${file};`;

/** Compacts all history. What that frees is counted as free once more has been written. */
const COMPACT =
  "etcdctl compact --physical $(etcdctl endpoint status -w json | grep -o '\"revision\":[0-9]*' | cut -d: -f2); for i in 1 2 3; do etcdctl put /counted $i; sleep 0.2; done";

/** Puts values of 1 MiB, one after the other, and says how the last one ended. */
const fill = (count: number, key: string): string =>
  `head -c 1000000 /dev/urandom | base64 -w 0 | head -c 1048576 >/tmp/value; for i in $(seq ${count}); do etcdctl put ${key} </tmp/value 2>&1 || break; done | tail -n 1`;

// One story, in order.
describe("a backup", () => {
  it("is on a timer of every member, and what it needs is root's alone", async () => {
    for (const machine of cluster.machines) {
      const active = await on(
        machine,
        "systemctl is-active etcd-backup.timer etcd-defragment.timer etcd-metrics.timer",
      );
      const modes = await on(
        machine,
        "stat -c '%a %U %n' /etc/etcd/rclone.conf /etc/etcd/backup.passphrase; rclone version | head -n 1",
      );
      expect([machine.name, active, modes]).toEqual([
        machine.name,
        "active\nactive\nactive",
        expect.stringMatching(
          /^600 root \/etc\/etcd\/rclone\.conf\n400 root \/etc\/etcd\/backup\.passphrase\nrclone v/,
        ),
      ]);
      // From here on each unit runs when a test says so.
      await on(machine, "systemctl stop etcd-backup.timer etcd-defragment.timer etcd-metrics.timer");
    }
  });

  it("is taken by exactly one member, a follower, though all look at the same time", async () => {
    await on(london, `etcdctl put /secret '${SECRET}'`);
    const results = await start("etcd-backup");
    expect(results.map(({ ok }) => ok)).toEqual([true, true, true]);
    expect(stored()).toEqual([expect.stringMatching(BACKUP)]);
    expect([await keptOn(london), await keptOn(newYork), await keptOn(singapore)]).toEqual([[], [], stored()]);
    expect(await words(singapore, "etcd-backup")).toEqual([
      expect.stringMatching(/^etcd-sgp1: took the backup etcd-.*, \d+ bytes$/),
    ]);
    expect([await words(london, "etcd-backup"), await words(newYork, "etcd-backup")]).toEqual([[], []]);
  });

  it("is encrypted in the storage, and whole on the machine", async () => {
    const [name] = stored();
    const object = readFileSync(path.join(s3.directory, "etcd", `${name}.bin`));
    expect(object.length).toBeGreaterThan(10_000);
    expect([object.includes(SECRET), object.includes("/secret")]).toEqual([false, false]);
    const file = `/var/lib/etcd-backup/${name}`;
    expect(await on(singapore, `grep -c '${SECRET}' ${file}; stat -c %a ${file} /var/lib/etcd-backup`)).toMatch(
      /^[1-9]\d*\n600\n700$/,
    );
  });

  it("is not taken again before it is due, and then by another member if the first one is not well", async () => {
    await start("etcd-backup");
    expect(stored()).toHaveLength(1);
    for (const machine of cluster.machines) await on(machine, set("/etc/etcd/backup.env", "INTERVAL_SECONDS", "0"));
    await on(singapore, "systemctl stop etcd");
    await start("etcd-backup", [london, newYork]);
    await on(singapore, "systemctl start etcd");
    expect([await keptOn(london), await keptOn(newYork)]).toEqual([[], [stored()[1]]]);
  });

  it("goes when it is old, here and in the storage, but for the newest and for what is not this cluster's", async () => {
    const foreign = "etcd-of-others-20200101T000000Z-1.db";
    await on(
      singapore,
      `${SCRIPTS} for name in etcd-20200101T000000Z-1.db etcd-20200102T000000Z-2.db ${foreign}; do echo old | storage rcat backup:$name; done`,
    );
    const before = stored();
    // A write each, as two of the same revision in the same second are one: they bear the same name.
    for (let round = 0; round < 2; round += 1) {
      await on(london, `etcdctl put /round ${round}`);
      await on(singapore, "/usr/local/lib/cdktf-etcd/backup now");
    }
    expect(before).toHaveLength(5);
    expect(stored()).toEqual(
      [...before.filter((name) => !name.startsWith("etcd-2020")), ...(await keptOn(singapore))].sort(),
    );
    expect(await keptOn(singapore)).toHaveLength(2);
    expect(stored()).toContain(foreign);
  });

  it("that can't be stored fails the unit, with what to do", async () => {
    await words(singapore, "etcd-backup");
    await on(singapore, "cp -p /etc/etcd/rclone.conf /root; sed -i 's/^secret_access_key.*/&x/' /etc/etcd/rclone.conf");
    const count = stored().length;
    expect((await start("etcd-backup", [singapore]))[0].ok).toBe(false);
    expect(await words(singapore, "etcd-backup")).toEqual([
      expect.stringMatching(
        /^error: etcd-sgp1: the backup \S+ is on this machine, but not in the storage: .*Check endpoint, bucket and keys of backup\.storage.*then: \/usr/,
      ),
    ]);
    expect([(await cluster.on(singapore, "systemctl is-failed etcd-backup")).stdout.trim(), stored().length]).toEqual([
      "failed",
      count,
    ]);
    await on(singapore, "mv /root/rclone.conf /etc/etcd; systemctl reset-failed etcd-backup");
  });

  it("that is overdue fails the unit on those whose turn it is not", async () => {
    await on(london, set("/etc/etcd/backup.env", "OVERDUE_SECONDS", "1"));
    expect((await start("etcd-backup", [london]))[0].ok).toBe(false);
    expect(await words(london, "etcd-backup")).toEqual([
      `error: etcd-lon1: a backup is overdue: the newest is ${
        stored()
          .filter((name) => BACKUP.test(name))
          .at(-1) ?? ""
      }. ` + "Look at journalctl -u etcd-backup on the other members, then: /usr/local/lib/cdktf-etcd/backup now",
    ]);
    await on(london, `${set("/etc/etcd/backup.env", "OVERDUE_SECONDS", "43800")} systemctl reset-failed etcd-backup`);
  });

  it("neither goes to a folder that is another cluster's nor is taken for one of those there", async () => {
    expect(owners()).toEqual([expect.stringMatching(/^owner-\d{8}T\d{6}Z-\d+-[0-9a-f]{16}$/)]);
    const before = stored();
    const other = "owner-20300101T000000Z-1-00000000000000aa";
    await on(singapore, `${SCRIPTS} echo etcd-ams3 | storage rcat backup:${other}`);
    const { ok, stderr } = await cluster.on(singapore, TAKE);
    expect([ok, stderr]).toEqual([
      false,
      expect.stringMatching(
        /^error: etcd-sgp1: the backup \S+ is on this machine, but not in the storage: the folder there is another cluster's, by its object owner-20300101T000000Z-1-00000000000000aa\.bin\. Give this one a backup\.storage\.prefix of its own/,
      ),
    ]);
    expect((await start("etcd-backup", [london]))[0].ok).toBe(false);
    expect(await words(london, "etcd-backup")).toEqual([
      expect.stringMatching(
        /^error: etcd-lon1: can't list the backups in the storage: the folder there is another cluster's/,
      ),
    ]);
    expect(stored()).toEqual(before);
    await on(singapore, `${SCRIPTS} storage deletefile backup:${other}`);
    await on(london, "systemctl reset-failed etcd-backup");
  });

  it("that does not read back as it was is none, and what was cut off on its way goes after a day", async () => {
    const before = stored();
    const arriving = (): string[] => objects("etcd/.arriving");
    // The scripts look here first.
    const rclone = "/usr/local/sbin/rclone";
    await on(
      singapore,
      `printf '%s\\n' '#!/bin/sh' 'case " $* " in *" cat backup:.arriving/"*) echo another; exit 0 ;; esac' 'exec /usr/bin/rclone "$@"' >${rclone}; chmod +x ${rclone}`,
    );
    const { ok, stderr } = await cluster.on(singapore, TAKE);
    await on(singapore, `rm ${rclone}`);
    expect([ok, stderr]).toEqual([
      false,
      expect.stringMatching(
        /^error: etcd-sgp1: the backup \S+ is on this machine, but does not read back from the storage as it is: its contents differ\. /,
      ),
    ]);
    expect([stored(), arriving()]).toEqual([before, []]);

    await on(
      singapore,
      `${SCRIPTS} echo half >/tmp/half; for age in 2 0; do touch -d "$age days ago" /tmp/half; storage copyto /tmp/half backup:.arriving/of-$age-days.db; done`,
    );
    expect(arriving()).toEqual(["of-0-days.db", "of-2-days.db"]);
    await on(singapore, TAKE);
    expect(arriving()).toEqual(["of-0-days.db"]);
    expect(stored().filter((name) => !before.includes(name))).toEqual([expect.stringMatching(BACKUP)]);
    await on(singapore, `${SCRIPTS} storage deletefile backup:.arriving/of-0-days.db`);
  });

  it("is neither taken nor removed while the alarm CORRUPT is up", async () => {
    const held = async (): Promise<string[][]> => [stored(), await keptOn(singapore)];
    const before = await held();
    await words(singapore, "etcd-backup");
    await on(
      singapore,
      `${SCRIPTS} ask_client_url -f -o /dev/null -d "{\\"action\\":\\"ACTIVATE\\",\\"memberID\\":\\"$(status "$SELF" | field MemberID)\\",\\"alarm\\":\\"CORRUPT\\"}" "$SELF/v3/maintenance/alarm"`,
    );
    const alarms = await on(london, "etcdctl alarm list");
    const [{ ok }] = await start("etcd-backup", [singapore]);
    const said = await words(singapore, "etcd-backup");
    await on(singapore, "etcdctl alarm disarm; systemctl reset-failed etcd-backup");
    expect(alarms).toMatch(/^memberID:\d+ alarm:CORRUPT$/);
    expect([ok, said]).toEqual([
      false,
      [
        expect.stringMatching(
          /^error: etcd-sgp1: no backup was taken, and none is removed: the alarm CORRUPT is up, .*See 'An alarm CORRUPT' in docs\/operations\.md$/,
        ),
      ],
    ]);
    expect(await held()).toEqual(before);
    await on(singapore, TAKE);
  });
});

describe("metrics", () => {
  it("tell Prometheus when certificates end and of the newest backup, on every member", async () => {
    await start("etcd-metrics");
    const newest =
      stored()
        .filter((name) => BACKUP.test(name))
        .at(-1) ?? "";
    for (const machine of cluster.machines) {
      const file = "/var/lib/prometheus/node-exporter/cdktf-etcd.prom";
      const text = await on(machine, `cat ${file}`);
      expect(await on(machine, `stat -c %a ${file}`)).toBe("644");
      await run(["promtool", "check", "metrics"], { input: `${text}\n` });
      const value = (name: string, label = ""): number =>
        Number(
          new RegExp(`^cdktf_etcd_${name}\\{cluster="etcd",member="${machine.name}"${label}\\} (\\d+)$`, "m").exec(
            text,
          )?.[1],
        );
      const days = (certificate: string): number =>
        (value("certificate_expiry_timestamp_seconds", `,certificate="${certificate}"`) - Date.now() / 1000) / 86_400;
      for (const leaf of ["server", "peer", "admin"]) expect(Math.round(days(leaf))).toBe(365);
      for (const authority of ["client-ca", "peer-ca"]) expect(Math.round(days(authority))).toBe(3650);
      expect(value("backup_revision")).toBe(Number(/-(\d+)\.db$/.exec(newest)?.[1]));
      expect(Date.now() / 1000 - value("backup_timestamp_seconds")).toBeLessThan(300);
      expect(value("backup_size_bytes")).toBeGreaterThan(10_000);
      expect(value("alarms", ',alarm="NOSPACE"')).toBe(0);
      expect(value("rollout_unfinished")).toBe(0);
    }
  });

  it("tell Prometheus that no backup is known where the storage never answered", async () => {
    const file = "/var/lib/prometheus/node-exporter/cdktf-etcd.prom";
    const told = await on(
      london,
      `rm ${file}; cp -p /etc/etcd/rclone.conf /root; sed -i 's/^secret_access_key.*/&x/' /etc/etcd/rclone.conf; systemctl start etcd-metrics; mv /root/rclone.conf /etc/etcd; grep '^cdktf_etcd_backup_' ${file}`,
    );
    expect(told).toBe('cdktf_etcd_backup_timestamp_seconds{cluster="etcd",member="etcd-lon1"} 0');
  });

  it("tell Prometheus of a rollout that stopped half-way", async () => {
    const unfinished = (): Promise<string> =>
      on(
        london,
        "systemctl start etcd-metrics; grep '^cdktf_etcd_rollout_unfinished' /var/lib/prometheus/node-exporter/cdktf-etcd.prom",
      );
    // As after an install, or after an activation that did not come to the restart.
    await on(london, "mkdir /etc/etcd/staged");
    expect(await unfinished()).toMatch(/ 1$/);
    await on(
      london,
      "rmdir /etc/etcd/staged; cp -a /etc/etcd/restart.sha256 /root; echo another >/etc/etcd/restart.sha256",
    );
    expect(await unfinished()).toMatch(/ 1$/);
    await on(london, "mv /root/restart.sha256 /etc/etcd/");
    expect(await unfinished()).toMatch(/ 0$/);
  });
});

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
    // From here on each unit runs when a test says so, again.
    for (const machine of cluster.machines)
      await on(machine, "systemctl stop etcd-backup.timer etcd-defragment.timer etcd-metrics.timer");
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

describe("a restore", () => {
  const NEXT = { genesis: 2, generation: 2 };
  let snapshot: string;
  /** The machines that are to take over. */
  let fresh: LabDroplet[];
  /** One of them whose install is done: the others may have been left without when the deploy failed. */
  let installed: LabDroplet | undefined;

  it("is refused by the plan where nothing is founded", async () => {
    const output = await harness.deployFails(knobs({ restore: { snapshot: "etcd-20260101T000000Z-7.db" } }));
    expect(unwrapped(output)).toContain(
      "The cluster was not founded from a backup, and would not be now from etcd-20260101T000000Z-7.db",
    );
    expect(said(output)).toEqual([]);
  });

  it("is refused on machines that hold data, and changes nothing there", async () => {
    await on(london, "/usr/local/lib/cdktf-etcd/backup now");
    snapshot = (await keptOn(london)).at(-1) ?? "";
    await on(london, "etcdctl put /after-the-backup lost");
    const lines = said(await harness.deployFails(knobs({ genesis: 2, restore: { snapshot } })));
    expect(lines).toContainEqual(
      expect.stringMatching(/^error: etcd-\w+: holds the data of a cluster that was healthy, .* nothing was changed/),
    );
    expect(lines.filter((line) => line.includes("restarting"))).toEqual([]);
    await cluster.mustBeHealthy();
  });

  it("from a damaged snapshot starts nothing, and leaves the old cluster in service", async () => {
    const damaged = "etcd-20260101T000000Z-7.db";
    await on(
      london,
      `${SCRIPTS} cp $BACKUPS/${snapshot} /root/damaged; printf X | dd of=/root/damaged bs=1 seek=9000 conv=notrunc status=none; storage copyto /root/damaged backup:${damaged}`,
    );
    const old = cluster;
    const lines = said(await harness.deployFails(knobs({ ...NEXT, restore: { snapshot: damaged } })));
    expect(lines).toContainEqual(
      expect.stringMatching(
        /^error: etcd-\w+: not restored: etcd-20260101T000000Z-7\.db does not pass its check: .*Nothing was started/,
      ),
    );
    expect((await old.on(london, "etcdctl get --print-value-only /after-the-backup")).stdout.trim()).toBe("lost");
    fresh = (await harness.cluster()).machines.filter(({ id }) => !old.machines.some((one) => one.id === id));
    expect(fresh).toHaveLength(3);
    installed = fresh.find(({ name }) => lines.some((line) => line.startsWith(`error: ${name}: not restored: `)));
    for (const machine of fresh) {
      const { stdout } = await cluster.on(machine, "systemctl is-active etcd; ls /var/lib | grep -E '^etcd(\\.|$)'");
      expect([machine.name, stdout.trim()]).toEqual([machine.name, "inactive"]);
    }
  });

  it("from a snapshot that fills the quota starts nothing either", async () => {
    if (installed === undefined)
      throw new Error("The damaged snapshot was to be refused by one of the fresh machines.");
    const { ok, stderr } = await cluster.on(
      installed,
      "cp -p /etc/etcd/etcd.env /etc/etcd/declared.env /root;" +
        set("/etc/etcd/etcd.env", "ETCD_QUOTA_BACKEND_BYTES", "20480") +
        set("/etc/etcd/declared.env", "RESTORE_SNAPSHOT", snapshot) +
        "/usr/local/lib/cdktf-etcd/restore-snapshot; ended=$?; mv /root/etcd.env /root/declared.env /etc/etcd; exit $ended",
    );
    expect([ok, stderr]).toEqual([
      false,
      expect.stringMatching(
        /^error: etcd-\w+: not restored: \S+ takes \d+ MiB, and settings\.quotaGiB is 0: .*Nothing was started; raise settings\.quotaGiB/,
      ),
    ]);
    const { stdout } = await cluster.on(installed, "systemctl is-active etcd; ls /var/lib | grep -E '^etcd(\\.|$)'");
    expect(stdout.trim()).toBe("inactive");
  });

  it("founds a new cluster on new machines, interrupted in between, with the data and a revision that no watcher has seen", async () => {
    // One of them has the file, as all must without a storage.
    const provided = installed;
    if (provided === undefined) throw new Error("The damaged snapshot was to be refused by one of the fresh machines.");
    const others = fresh.filter(({ id }) => id !== provided.id);
    await on(provided, `${SCRIPTS} storage copyto backup:${snapshot} $BACKUPS/${snapshot}`);
    const edit = knobs({ ...NEXT, restore: { snapshot } });
    const interrupted = await harness.interrupt("deploy", /: restored from /, edit);
    expect(interrupted.exitCode).not.toBe(0);
    const lines = [...said(interrupted.output), ...said(await harness.deploy(edit))];
    expect(lines.filter((line) => line.includes(`restored from ${snapshot}, revision `))).toHaveLength(3);
    const fetching = lines.filter((line) => line.endsWith(`: fetching ${snapshot}`));
    expect(fetching.sort()).toEqual(others.map(({ name }) => `${name}: fetching ${snapshot}`).sort());
    await meet();
    expect(cluster.machines).toHaveLength(3);
    await cluster.mustBeHealthy();
    expect(await on(singapore, "etcdctl get --print-value-only /secret")).toBe(SECRET);
    expect(await on(singapore, "etcdctl get --print-value-only /after-the-backup")).toBe("");
    expect(await on(london, "etcdctl put /after-the-restore yes")).toBe("OK");
    const seen = /-(\d+)\.db$/.exec(snapshot)?.[1] ?? "";
    const revision = Number(/"Revision" : (\d+)/.exec(await on(london, "etcdctl endpoint status -w fields"))?.[1]);
    expect(revision).toBeGreaterThan(1_000_000_000 + Number(seen));
    const { stdout, stderr } = await cluster.on(london, `timeout 10 etcdctl watch --rev ${seen} /secret`);
    expect(stdout + stderr).toContain("required revision has been compacted");
  });

  it("goes on with the backups of the cluster before it, though etcd takes it for another one", async () => {
    const before = stored();
    const [owner] = owners();
    await on(singapore, TAKE);
    expect(stored().filter((name) => !before.includes(name))).toEqual([
      expect.stringMatching(/^etcd-\d{8}T\d{6}Z-1\d{9}\.db$/),
    ]);
    const [, id, authority] = /Z-(\d+)-([0-9a-f]{16})$/.exec(owner) ?? [];
    expect(owners()).toEqual([expect.stringMatching(new RegExp(`^owner-\\d{8}T\\d{6}Z-(?!${id}-)\\d+-${authority}$`))]);
  });

  it("has nothing left to do at a second look, and takes the prop back out without a restart", async () => {
    const { output } = await harness.run("diff", knobs({ ...NEXT, restore: { snapshot } }));
    expect(output).toContain("No changes. Your infrastructure matches the configuration.");
    const lines = said(await harness.deploy(knobs(NEXT)));
    expect(lines.filter((line) => line.endsWith(": restarting"))).toEqual([]);
    await cluster.mustBeHealthy();
  });
});
