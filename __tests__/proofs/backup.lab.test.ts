import { existsSync, readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { ensureCommands, LabDroplet, run, S3Server, startS3Server, unwrapped } from "terraform-lab";
import type { Knobs } from "../../proofs/apps/cluster-stack";
import { LabCluster } from "../../proofs/lab-cluster";
import { LabHarness, NO_CHANGES, said } from "../../proofs/harness";
import { shellWord } from "../../lib/terraform/writers";
import { useCleanup } from "../cleanup";
import { onNodesOf, set } from "./on-nodes";

jest.setTimeout(900_000);

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
const { on, start, words } = onNodesOf(() => cluster);

/** With all that one of the languages on its way takes for syntax, and blanks at its ends. */
const PASSPHRASE = ` \t"quoted" 'single' \`id\` $(id) \${x} %{y} %(z)s \\n \\ #;= é😀 `;
/** A setting of etcd that any text will do for, beside the "*" that it has by default. */
const WHITELIST = `*,"quoted" 'single' \`id\` $(id) \${x} %{y} %h \\n {"a": "b"} é😀 `;

/** Everything but what a test is about. */
const knobs = (more: object = {}) => ({
  extra: { ETCD_DISTRIBUTED_TRACING_INSTANCE_ID: WHITELIST },
  // The leader stays where a test puts it.
  leader: { automatic: false },
  // Under it, snapshots, compaction and defragmentation are an administrator's; and backups bring users along.
  authorization: true,
  clients: { before: { read: ["/before/"] } },
  backup: {
    keepLocal: 2,
    storage: {
      endpoint: s3.endpoint,
      allowInsecureEndpoint: true,
      region: s3.region,
      bucket: s3.bucket,
      accessKeyId: s3.accessKeyId,
      secretAccessKey: s3.secretAccessKey,
      passphrase: PASSPHRASE,
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

/** Takes one from a member, in any case. */
const TAKE = "/usr/local/lib/cdktf-etcd/backup now";

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

  it("is encrypted with the passphrase, and stored by the key, to the byte, as etcd has its settings", async () => {
    const bytes = async (command: string): Promise<string> =>
      Buffer.from(await on(singapore, `${command} | base64 -w 0`), "base64").toString("utf8");
    expect(await bytes("cat /etc/etcd/backup.passphrase")).toBe(PASSPHRASE);
    // What rclone hides the passphrase as is what it found in the file. (What is hidden is base64 that may begin with "-".)
    const revealed = `${SCRIPTS} rclone reveal -- "$(rclone obscure - <$SECRETS/backup.passphrase)" | head -c -1`;
    expect(await bytes(`{ ${revealed}; }`)).toBe(PASSPHRASE);
    const { store } = JSON.parse(await bytes("rclone --config /etc/etcd/rclone.conf config dump")) as {
      store: Record<string, string>;
    };
    expect(store).toMatchObject({ access_key_id: s3.accessKeyId, secret_access_key: s3.secretAccessKey });
    const environment = await bytes('cat "/proc/$(systemctl show --property MainPID --value etcd)/environ"');
    expect(environment.split("\0")).toContain(`ETCD_DISTRIBUTED_TRACING_INSTANCE_ID=${WHITELIST}`);
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
    await on(
      singapore,
      "cp -p /etc/etcd/rclone.conf /root; sed -i 's/^secret_access_key = ./&x/' /etc/etcd/rclone.conf",
    );
    const count = stored().length;
    expect((await start("etcd-backup", [singapore]))[0].ok).toBe(false);
    expect(await words(singapore, "etcd-backup")).toEqual([
      expect.stringMatching(
        /^error: etcd-sgp1: the backup \S+ is on this machine, but not in the storage: .*SignatureDoesNotMatch.*\. Mend accessKeyId and secretAccessKey of backup\.storage and deploy; then: \/usr/,
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
      }. ` +
        "Look at journalctl -u etcd-backup on etcd-sgp1, whose turn it is, then: /usr/local/lib/cdktf-etcd/backup now",
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
    // AlarmRequest: its fields action, memberID and alarm. etcdctl only disarms.
    await on(
      singapore,
      `${SCRIPTS} . /usr/local/lib/cdktf-etcd/grpc.sh; grpc_call "$SELF" etcdserverpb.Maintenance/Alarm ` +
        `"$(grpc_frame "\\\\0010\\\\0001\\\\0020$(varint "$(status "$SELF" | field MemberID)")\\\\0030\\\\0002")"`,
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
      `rm ${file}; cp -p /etc/etcd/rclone.conf /root; sed -i 's/^secret_access_key = ./&x/' /etc/etcd/rclone.conf; systemctl start etcd-metrics; mv /root/rclone.conf /etc/etcd; grep '^cdktf_etcd_backup_' ${file}`,
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

describe("a restore", () => {
  const NEXT = { generation: 2, clients: { after: { read: ["/after/"] } } };
  const from = (name: string, founding = 2): Knobs => ({ origin: { fromBackup: { snapshot: name, founding } } });
  let snapshot: string;
  /** The machines that are to take over. */
  let fresh: LabDroplet[];
  /** One of them whose install is done: the others may have been left without when the deploy failed. */
  let installed: LabDroplet | undefined;

  it("is refused by the plan where nothing is founded", async () => {
    const output = await harness.deployFails(knobs(from("etcd-20260101T000000Z-7.db", 1)));
    expect(unwrapped(output)).toContain(
      "The cluster was not founded from a backup, and would not be now from etcd-20260101T000000Z-7.db",
    );
    expect(said(output)).toEqual([]);
  });

  it("is refused on machines that hold data, and changes nothing there", async () => {
    await on(london, "/usr/local/lib/cdktf-etcd/backup now");
    snapshot = (await keptOn(london)).at(-1) ?? "";
    await on(london, "etcdctl put /after-the-backup lost");
    const lines = said(await harness.deployFails(knobs(from(snapshot))));
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
    const lines = said(await harness.deployFails(knobs({ ...NEXT, ...from(damaged) })));
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
    // For the others it is encrypted as earlier versions did where the passphrase was a variable: without blanks at the ends.
    await on(
      provided,
      `${SCRIPTS} printf %s ${shellWord(PASSPHRASE.trim())} >/run/trimmed; storage deletefile backup:${snapshot}; storage_by /run/trimmed copyto $BACKUPS/${snapshot} backup:${snapshot}; rm /run/trimmed; ! storage cat backup:${snapshot} >/dev/null 2>&1`,
    );
    const edit = knobs({ ...NEXT, ...from(snapshot) });
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
    // The backup has brought its users along.
    expect(lines).toContainEqual(expect.stringMatching(/: before is no user any more$/));
    const users = (await on(london, "etcdctl user list")).split("\n");
    expect([users.includes("before"), users.includes("after")]).toEqual([false, true]);
    expect(await on(london, "etcdctl auth status")).toContain("Authentication Status: true");
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
    const { output } = await harness.run("diff", knobs({ ...NEXT, ...from(snapshot) }));
    expect(output).toContain(NO_CHANGES);
    const lines = said(await harness.deploy(knobs({ ...NEXT, origin: { empty: { founding: 2 } } })));
    expect(lines.filter((line) => line.endsWith(": restarting"))).toEqual([]);
    await cluster.mustBeHealthy();
  });
});
