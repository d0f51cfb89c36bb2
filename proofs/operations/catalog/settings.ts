import { mustAllVote } from "../declared-members";
import { MEMBERSHIP, ROLL, type Operation } from "../operation";
import { mustHave } from "../stage";

/** A setting that needs a restart of every member. */
export const SETTINGS_ROLL: Operation = {
  name: "settings roll",
  bars: ROLL,
  applySeconds: (members) => 15 * members,
  perform: async (stage) => {
    const quotaGiB = stage.knobs.quotaGiB === 1 ? 2 : 1;
    const lines = await stage.deploy({ quotaGiB });
    const cluster = await stage.cluster();
    for (const machine of cluster.machines) {
      const { stdout } = await cluster.on(machine, "etcdctl endpoint status -w fields | grep DBSizeQuota");
      const has = stdout.trim().endsWith(` ${quotaGiB * 1024 ** 3}`);
      mustHave(`${machine.name} has a quota of ${quotaGiB} GiB`, has, stdout);
    }
    await mustAllVote(stage);
    return lines;
  },
  expectSaid: (lines, stage) => {
    const restarts = lines.filter((line) => line.endsWith(": restarting"));
    mustHave("every member restarts once", restarts.length === stage.regions.length, lines);
    if (stage.regions.length === 1) return;
    const handsOver = lines.some((line) => line.includes(": handing leadership over to "));
    const inVain = lines.some((line) => line.endsWith(": no other member can lead"));
    mustHave("the leader hands over, and is not replaced by an election", handsOver && !inVain, lines);
  },
};

/** A setting with which etcd does not start. The rollout stops at the first member; reverting the edit repairs it. */
export const BAD_SETTING: Operation = {
  name: "bad setting and its revert",
  bars: MEMBERSHIP,
  disturbed: false,
  perform: async (stage) => {
    const error = await stage.deployFails({ extra: { ETCD_SNAPSHOT_COUNT: "many" } });
    mustHave("the error has etcd's own words", error.includes('invalid value "many" for ETCD_SNAPSHOT_COUNT'), error);
    const lines = await stage.deploy();
    await mustAllVote(stage);
    return lines;
  },
};
