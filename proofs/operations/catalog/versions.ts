import { eventually } from "../../harness";
import { mustAllVote } from "../declared-members";
import { enableDowngrade } from "../downgrade";
import { ROLL, type Operation } from "../operation";
import type { Stage } from "../stage";
import { etcdIn, serveEtcd } from "../../etcd/in-lab";

/** The target of {@link UPGRADE}. */
const NEXT_MINOR = "3.7.3";
/** A stage's version at the start: the library's default. */
const USUAL = undefined;
const LATER_PATCH = "3.6.16";
const PREVIOUS_MINOR = "3.5.33";

/** MAJOR.MINOR of a stage's version. */
function minorOf(stage: Stage, version: string | undefined): string {
  return (version ?? etcdIn(stage.harness.paths).version).replace(/\.\d+$/, "");
}

/** Every 5 s the leader checks whether all members run a newer minor, and then raises the cluster's version. */
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

interface VersionChange {
  readonly from: string | undefined;
  readonly to: string | undefined;
  /** Whether etcd's downgrade has to be enabled first. @default false */
  readonly downgrade?: boolean;
}

function change(name: string, { from, to, downgrade = false }: VersionChange): Operation {
  return {
    name,
    bars: ROLL,
    applySeconds: (members) => 12 * members,
    possible: (stage) => stage.knobs.version === from,
    release: to,
    perform: async (stage) => {
      const minor = minorOf(stage, to);
      if (downgrade) await enableDowngrade(await stage.cluster(), minor);
      const sha256 = to && (await serveEtcd(stage.harness.lab, to)).ETCD_TARBALL_SHA256;
      const lines = await stage.deploy({ version: to, sha256 });
      await untilAllRun(stage, minor);
      return lines;
    },
  };
}

export const UPGRADE = change("upgrade from 3.6 to 3.7", { from: USUAL, to: NEXT_MINOR });
export const DOWNGRADE = change("downgrade from 3.7 to 3.6", { from: NEXT_MINOR, to: USUAL, downgrade: true });

/**
 * Not in the campaign: log entries written by 3.5 prevent a member's upgrade to 3.7 until its next snapshot. A deploy
 * refuses until then, but a random sequence would not wait.
 */
export const OLDER_VERSIONS: readonly Operation[] = [
  change("downgrade from 3.6 to 3.5", { from: USUAL, to: PREVIOUS_MINOR, downgrade: true }),
  change("upgrade from 3.5 to 3.6", { from: PREVIOUS_MINOR, to: LATER_PATCH }),
  change("patch release within 3.6", { from: LATER_PATCH, to: USUAL }),
];
