import { mustAllVote } from "../declared-members";
import { MEMBERSHIP, UNNOTICED, type Operation } from "../operation";
import { mustHave, nameAt, type Stage } from "../stage";

/** About twice the stage's upkeep.minimumFreeMiB: a defragmentation pays. */
const GARBAGE_MIB = 30;

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
      `head -c 1000000 /dev/urandom | base64 -w 0 | head -c 1048576 >/tmp/value; for i in $(seq ${GARBAGE_MIB}); do etcdctl put /garbage </tmp/value || exit; done; ` +
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
