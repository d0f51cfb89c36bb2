import { mustAllVote } from "../declared-members";
import { putMebibytes } from "../fill";
import { MEMBERSHIP, UNNOTICED, type Operation } from "../operation";
import { mustHave, nameAt, type Stage } from "../stage";

/** About twice the stage's upkeep.minimumFreeMiB, enough for a defragmentation. */
const GARBAGE_MIB = 30;

/** Rest of the quota, in bytes, which values of 1 MiB use up within seconds. Files grow by 16 MiB at a time. */
const NEARLY = 32 * 1024 ** 2;

/** By default etcd keeps the last 5,000 entries in memory, which here are larger than the machines' memory. */
const SHORT_LOG = { ETCD_SNAPSHOT_COUNT: "50", ETCD_SNAPSHOT_CATCHUP_ENTRIES: "50" };

/** Starts a unit as its timer does, on all machines at once; returns its log lines. */
async function startEverywhere(stage: Stage, unit: string): Promise<string[]> {
  const cluster = await stage.cluster();
  const since = Math.floor(Date.now() / 1000);
  const said = await Promise.all(
    cluster.machines.map(async (machine) => {
      const { ok, stderr } = await cluster.on(machine, `systemctl start ${unit}`);
      mustHave(`${unit} succeeds on ${machine.name}`, ok, stderr);
      return (await cluster.on(machine, `journalctl -u ${unit} -o cat --no-pager --since=@${since}`)).stdout.split(
        "\n",
      );
    }),
  );
  return said.flat().filter((line) => /^etcd-\S+: /.test(line));
}

export const BACKUP: Operation = {
  name: "backup",
  bars: UNNOTICED,
  disturbed: false,
  perform: async (stage) => {
    const cluster = await stage.cluster();
    const onEach = async (command: string): Promise<string> =>
      (await Promise.all(cluster.machines.map((machine) => cluster.on(machine, command))))
        .map(({ stdout }) => stdout)
        .join("");
    // The timers may have taken a backup already, and the next one is not due for hours.
    await onEach("rm -f /var/lib/etcd-backup/*.db");
    const lines = await startEverywhere(stage, "etcd-backup");
    const kept = (await onEach("ls /var/lib/etcd-backup")).match(/\.db$/gm) ?? [];
    mustHave("one member takes it", kept.length === 1, { kept, lines });
    return lines;
  },
};

export const DEFRAGMENTATION: Operation = {
  name: "defragmentation",
  bars: MEMBERSHIP,
  disturbed: false,
  prepare: async (stage) => {
    await putMebibytes(stage, "/garbage", GARBAGE_MIB);
    const cluster = await stage.cluster();
    const { ok, stderr } = await cluster.on(
      cluster.machine(nameAt(stage.regions[0])),
      // Space that a compaction frees counts as free only after further writes.
      "etcdctl compact --physical $(etcdctl endpoint status -w json | grep -o '\"revision\":[0-9]*' | cut -d: -f2) && for i in 1 2 3; do etcdctl put /garbage $i || exit; sleep 0.2; done",
    );
    mustHave("there is something to defragment", ok, stderr);
  },
  perform: async (stage) => {
    const lines = await startEverywhere(stage, "etcd-defragment");
    const defragmented = lines.filter((line) => line.includes(": defragmented "));
    mustHave("every member is defragmented", defragmented.length === stage.regions.length, lines);
    await mustAllVote(stage);
    return lines;
  },
};

/** Bytes that the largest database file leaves of a quota of 1 GiB. */
async function spaceLeft(stage: Stage): Promise<number> {
  const { stdout } = await (await stage.cluster()).etcdctl(["endpoint", "status", "-w", "json"]);
  const sizes = [...stdout.matchAll(/"dbSize":(\d+)/g)].map(([, size]) => Number(size));
  mustHave("the members tell their sizes", sizes.length > 0, stdout);
  return 1024 ** 3 - Math.max(...sizes);
}

/** One key's history fills the database until etcd refuses writes; one command on one machine reclaims the space. */
export const QUOTA_EXCEEDED: Operation = {
  name: "quota exceeded (NOSPACE) and space reclaimed",
  disturbed: false,
  prepare: async (stage) => {
    await stage.deploy({ quotaGiB: 1, extra: SHORT_LOG });
    for (let left = await spaceLeft(stage); left > NEARLY; left = await spaceLeft(stage)) {
      // Half of it, because a file grows by more than what is written.
      await putMebibytes(stage, "/garbage", Math.ceil((left - NEARLY) / 2 / 1024 ** 2));
    }
    await stage.settled();
  },
  perform: async (stage) => {
    const cluster = await stage.cluster();
    const machine = cluster.machine(nameAt(stage.regions[0]));
    const { stdout } = await cluster.on(machine, "while etcdctl put /garbage </tmp/value 2>&1; do :; done");
    mustHave("writes are refused for want of space", stdout.includes("database space exceeded"), stdout);
    const reclaimed = await cluster.on(machine, "/usr/local/lib/cdktf-etcd/reclaim-space");
    const madeRoom = reclaimed.stdout.includes("writes are taken again");
    mustHave("room is made", reclaimed.ok && madeRoom, reclaimed);
    await mustAllVote(stage);
    stage.declare({ extra: undefined });
    return [];
  },
};
