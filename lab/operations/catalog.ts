import { MEMBERSHIP, REPLACEMENT, ROLL, type Operation } from "./operation";
import { mustHave, type Stage } from "./stage";

const FIVE = ["lon1", "nyc3", "sgp1", "sfo3", "ams3"];
const THREE = FIVE.slice(0, 3);

/** A setting that needs a restart of every member. */
const SETTINGS_ROLL: Operation = {
  name: "settings roll",
  bars: ROLL,
  perform: async (stage) => {
    const quotaGiB = stage.knobs.quotaGiB === 1 ? 2 : 1;
    const lines = await stage.deploy({ quotaGiB });
    const cluster = await stage.cluster();
    for (const machine of cluster.machines) {
      const { stdout } = await cluster.on(machine, "etcdctl endpoint status -w fields | grep DBSizeQuota");
      mustHave(
        `${machine.name} has a quota of ${quotaGiB} GiB`,
        stdout.trim().endsWith(` ${quotaGiB * 1024 ** 3}`),
        stdout,
      );
    }
    await mustAllVote(stage);
    return lines;
  },
  expectSaid: (lines, stage) => {
    const restarts = lines.filter((line) => line.endsWith(": restarting"));
    mustHave("every member restarts once", restarts.length === stage.regions.length, lines);
  },
};

/** The machine is gone; Terraform finds out and makes another. */
const MACHINE_DELETED: Operation = {
  name: "machine deleted in the console",
  bars: REPLACEMENT,
  possible: (stage) => stage.regions.length >= 3,
  perform: async (stage) => {
    const before = await stage.machine(nameAt(lastOf(stage)));
    await stage.harness.lab.api().request("DELETE", `/v2/droplets/${before.id}`);
    const lines = await stage.deploy();
    await mustAllVote(stage);
    return lines;
  },
  expectSaid: (lines) => {
    mustHave(
      "its replacement is promoted",
      lines.some((line) => line.includes("caught up: promoted")),
      lines,
    );
  },
};

/** The machine is well, and another takes its place. */
const MACHINE_REPLACED: Operation = {
  name: "machine replaced (-replace)",
  bars: REPLACEMENT,
  perform: async (stage) => {
    const before = await stage.machine(nameAt(lastOf(stage)));
    const lines = await stage.replaceMachine(before.region);
    await mustAllVote(stage);
    return lines;
  },
  expectSaid: (lines) => {
    mustHave(
      "its replacement retires it",
      lines.some((line) => line.includes("retiring its predecessor")),
      lines,
    );
  },
};

const ALL_MACHINES: Operation = {
  name: "all machines replaced (generation)",
  bars: MEMBERSHIP,
  perform: async (stage) => {
    const before = (await stage.cluster()).machines;
    const lines = await stage.deploy({ generation: (stage.knobs.generation ?? 1) + 1 });
    const kept = (await stage.cluster()).machines.filter(({ id }) => before.some((one) => one.id === id));
    mustHave("no old machine is left", kept.length === 0, kept);
    await mustAllVote(stage);
    return lines;
  },
  expectSaid: (lines, stage) => {
    const promoted = lines.filter((line) => line.includes("promoted to a voting member"));
    mustHave("every new machine joins", promoted.length === stage.regions.length, lines);
  },
};

const GROW: Operation = resize("grow 3 to 5", THREE, FIVE);
const SHRINK: Operation = resize("shrink 5 to 3", FIVE, THREE);

function resize(name: string, from: readonly string[], to: readonly string[]): Operation {
  return {
    name,
    bars: MEMBERSHIP,
    possible: (stage) => stage.regions.length === from.length,
    perform: async (stage) => {
      const lines = await stage.deploy({ regions: [...to] });
      await mustAllVote(stage);
      return lines;
    },
  };
}

/** In the order in which the bench does them: each is possible after the one before. */
export const OPERATIONS: readonly Operation[] = [
  SETTINGS_ROLL,
  MACHINE_DELETED,
  MACHINE_REPLACED,
  ALL_MACHINES,
  GROW,
  SHRINK,
];

function lastOf(stage: Stage): string {
  return stage.regions[stage.regions.length - 1];
}

function nameAt(region: string): string {
  return `etcd-${region}`;
}

/** Every declared machine carries a voting member that commits writes, and there are no other members. */
async function mustAllVote(stage: Stage): Promise<void> {
  const cluster = await stage.cluster();
  await cluster.mustBeHealthy();
  const { members } = await cluster.status();
  const voters = members.filter(({ learner }) => !learner).map(({ name }) => name);
  const declared = stage.regions.map(nameAt);
  mustHave("every declared member votes, and nobody else", voters.sort().join() === declared.sort().join(), members);
}
