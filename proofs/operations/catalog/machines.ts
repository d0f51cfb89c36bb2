import { setTimeout as sleep } from "node:timers/promises";
import { originOf } from "../../apps/cluster-stack";
import { eventually } from "../../harness";
import { mustAllVote } from "../declared-members";
import { putMebibytes } from "../fill";
import { LOSS, REPLACEMENT, REPLACEMENTS, type Operation } from "../operation";
import { mustHave, nameAt, type Stage } from "../stage";

function lastOf(stage: Stage): string {
  return stage.regions[stage.regions.length - 1];
}

/** The machine is gone; Terraform notices and makes another. */
export const MACHINE_DELETED: Operation = {
  name: "machine deleted in the console",
  bars: LOSS,
  applySeconds: () => 35,
  boots: lastOf,
  possible: (stage) => stage.regions.length >= 3,
  perform: async (stage) => {
    const before = await stage.machine(nameAt(lastOf(stage)));
    await stage.harness.lab.api().request("DELETE", `/v2/droplets/${before.id}`);
    const lines = await stage.deploy();
    await mustAllVote(stage);
    return lines;
  },
  expectSaid: (lines) => {
    const promoted = lines.some((line) => line.includes("caught up: promoted"));
    mustHave("its replacement is promoted", promoted, lines);
  },
};

/** A healthy machine is replaced. */
export const MACHINE_REPLACED: Operation = {
  name: "machine replaced (-replace)",
  bars: REPLACEMENT,
  applySeconds: () => 35,
  boots: lastOf,
  perform: async (stage) => {
    const before = await stage.machine(nameAt(lastOf(stage)));
    const lines = await stage.replaceMachine(before.region);
    await mustAllVote(stage);
    return lines;
  },
  expectSaid: (lines) => {
    const retired = lines.some((line) => line.includes("retiring its predecessor"));
    mustHave("its replacement retires it", retired, lines);
  },
};

/** Values of 1 MiB for 1 GB. */
const GIGABYTE_VALUES = 954;

/** As {@link MACHINE_REPLACED}, but the new member has to catch up with 1 GB of data, which stays afterwards. */
export const MACHINE_REPLACED_1_GB: Operation = {
  ...MACHINE_REPLACED,
  name: "machine replaced behind 1 GB of data",
  bars: REPLACEMENTS,
  prepare: async (stage) => {
    await stage.deploy({ quotaGiB: 2 });
    await putMebibytes(stage, "/gigabyte/N", GIGABYTE_VALUES);
    await stage.settled();
  },
  // The lab's links have no rate limit, so this is the rate of this machine.
  note: async (stage) => {
    const seconds = stage.secondsBetween(/: starting as a learner$/, /: caught up: promoted to a voting member/);
    const cluster = await stage.cluster();
    const { stdout } = await cluster.on(cluster.machine(nameAt(lastOf(stage))), "etcdctl endpoint status -w json");
    const bytes = Number(/"dbSize":(\d+)/.exec(stdout)?.[1]);
    const rate = (8 * bytes) / 1e6 / seconds;
    return `a voter ${seconds.toFixed(1)} s after its start as a learner, with ${(bytes / 1e9).toFixed(2)} GB: ${rate.toFixed(0)} Mbit/s`;
  },
};

export const ALL_MACHINES: Operation = {
  name: "all machines replaced (generation)",
  bars: REPLACEMENTS,
  applySeconds: (members) => 20 * members,
  perform: async (stage) => {
    const before = (await stage.cluster()).machines;
    const lines = await stage.deploy({ generation: (stage.knobs.generation ?? 1) + 1 });
    await mustAllVote(stage);
    const addresses = before.map(({ publicAddress }) => `https://${publicAddress ?? ""}:2379`);
    const { members } = await (await stage.cluster()).status();
    const kept = members.filter(({ endpoint }) => addresses.includes(endpoint));
    mustHave("no member has an old machine's address", kept.length === 0, members);
    return lines;
  },
  expectSaid: (lines, stage) => {
    const promoted = lines.filter((line) => line.includes("promoted to a voting member"));
    mustHave("every new machine joins", promoted.length === stage.regions.length, lines);
  },
};

/** The leader's machine loses power and network at once, and gets them back after 30 s. */
export const LEADER_LOST: Operation = {
  name: "the leader's machine lost for 30 s",
  possible: (stage) => stage.regions.length >= 3,
  disturbed: false,
  perform: async (stage) => {
    const machine = await stage.machine(await stage.leader());
    const api = stage.harness.lab.api();
    await stage.harness.lab.wan().isolate(String(machine.id));
    await api.power(machine, "power_off");
    await sleep(30_000);
    await api.power(machine, "power_on");
    const cluster = await stage.cluster();
    await eventually(`${machine.name} healthy again`, () => cluster.healthy([machine]));
    await mustAllVote(stage);
    return [];
  },
};

/**
 * All machines but the leader's are lost for good: the cluster is founded anew from the leader's data, which has every
 * acknowledged write.
 */
export const MAJORITY_LOST: Operation = {
  name: "majority lost (founded anew by the leader)",
  possible: (stage) => stage.regions.length === 3,
  disturbed: false,
  losesQuorum: true,
  perform: async (stage) => {
    const survivor = await stage.leader();
    const lost = (await stage.cluster()).machines.filter(({ name }) => name !== survivor);
    await stage.harness.destroy(lost.map(({ id }) => id));
    const { origin } = stage.knobs;
    const founding = (origin === undefined ? 1 : originOf(origin).founding) + 1;
    const lines = await stage.deploy({ origin: { fromSurvivor: { member: survivor, founding } } });
    await mustAllVote(stage);
    stage.declare({ origin: { empty: { founding } } });
    return lines;
  },
  expectSaid: (lines) => {
    const founded = lines.some((line) => line.includes("founding the cluster anew from this member's data"));
    mustHave("the survivor founds it", founded, lines);
  },
};
