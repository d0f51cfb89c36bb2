import { mustAllVote } from "../declared-members";
import { MEMBERSHIP, UNNOTICED, type Operation } from "../operation";
import { mustHave, nameAt, type Stage } from "../stage";

/** About twice the stage's upkeep.minimumFreeMiB: a defragmentation pays. */
const GARBAGE_MIB = 30;

/** Bytes left of the quota, by the largest file: used up within seconds by values of 1 MiB. Files grow by 16 MiB at a time. */
const NEARLY = 64 * 1024 ** 2;

/** By default etcd holds the last 5,000 entries in memory, which are larger here than what the machines have. */
const SHORT_LOG = { ETCD_SNAPSHOT_COUNT: "50", ETCD_SNAPSHOT_CATCHUP_ENTRIES: "50" };

/** Makes a value of 1 MiB in a file. */
const MEBIBYTE = "head -c 1000000 /dev/urandom | base64 -w 0 | head -c 1048576 >/tmp/value";

/** Starts a unit as its timer does, on all machines at once, and returns what it said there. */
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
    // The timers may have taken one already, and the next is not due for hours.
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
    const cluster = await stage.cluster();
    const { ok, stderr } = await cluster.on(
      cluster.machine(nameAt(stage.regions[0])),
      `${MEBIBYTE}; for i in $(seq ${GARBAGE_MIB}); do etcdctl put /garbage </tmp/value || exit; done; ` +
        // What a compaction frees is counted as free once more has been written.
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

/** The history of one key fills the database until etcd takes no writes; one command on one machine makes room again. */
export const QUOTA_EXCEEDED: Operation = {
  name: "quota exceeded (NOSPACE) and space reclaimed",
  disturbed: false,
  prepare: async (stage) => {
    await stage.deploy({ quotaGiB: 1, extra: SHORT_LOG });
    const machine = await stage.machine(nameAt(stage.regions[0]));
    const { ok, stderr } = await (
      await stage.cluster()
    ).on(
      machine,
      `${MEBIBYTE}; largest() { etcdctl endpoint status --cluster -w json | grep -o '"dbSize":[0-9]*' | cut -d: -f2 | sort -n | tail -n 1; }; ` +
        `while [ "$(largest)" -lt ${1024 ** 3 - NEARLY} ]; do ` +
        "seq 8 | xargs -P 4 -I N sh -c 'etcdctl put /garbage </tmp/value >/dev/null' || exit; done",
    );
    mustHave("the quota is nearly used up", ok, stderr);
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
