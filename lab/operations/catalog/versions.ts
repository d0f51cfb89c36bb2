import { eventually } from "../../harness";
import { mustAllVote } from "../declared-members";
import { enableDowngrade } from "../downgrade";
import { ROLL, type Operation } from "../operation";
import type { Stage } from "../stage";

/** What {@link UPGRADE} goes to. */
export const NEXT_MINOR = "3.7.3";

/** The leader looks every 5 s whether all members run a minor, and sets the cluster's version then. */
async function untilAllRun(stage: Stage, minor: string): Promise<void> {
  const cluster = await stage.cluster();
  const wanted = new RegExp(`"etcdserver":"${minor}\\.\\d+","etcdcluster":"${minor}\\.0"`);
  await eventually(`the cluster is at ${minor}`, async () => {
    const answers = await Promise.all(
      cluster.machines.map((machine) =>
        cluster.on(
          machine,
          "curl -sS --cacert $ETCDCTL_CACERT --cert $ETCDCTL_CERT --key $ETCDCTL_KEY https://127.0.0.1:2379/version",
        ),
      ),
    );
    return answers.every(({ stdout }) => wanted.test(stdout));
  });
  await mustAllVote(stage);
}

export const UPGRADE: Operation = {
  name: "upgrade from 3.6 to 3.7",
  bars: ROLL,
  possible: (stage) => stage.knobs.version === undefined,
  perform: async (stage) => {
    const { ETCD_TARBALL_SHA256: sha256 } = await stage.harness.lab.serveEtcd(NEXT_MINOR);
    const lines = await stage.deploy({ version: NEXT_MINOR, sha256 });
    await untilAllRun(stage, "3.7");
    return lines;
  },
};

export const DOWNGRADE: Operation = {
  name: "downgrade from 3.7 to 3.6",
  bars: ROLL,
  possible: (stage) => stage.knobs.version === NEXT_MINOR,
  perform: async (stage) => {
    await enableDowngrade(await stage.cluster(), "3.6");
    const lines = await stage.deploy({ version: undefined, sha256: undefined });
    await untilAllRun(stage, "3.6");
    return lines;
  },
};
