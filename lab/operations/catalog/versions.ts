import { eventually } from "../../harness";
import { mustAllVote } from "../declared-members";
import { ROLL, type Operation } from "../operation";

const NEXT_MINOR = "3.7.3";

export const UPGRADE: Operation = {
  name: "upgrade from 3.6 to 3.7",
  bars: ROLL,
  possible: (stage) => stage.knobs.version === undefined,
  perform: async (stage) => {
    const { ETCD_TARBALL_SHA256: sha256 } = await stage.harness.lab.serveEtcd(NEXT_MINOR);
    const lines = await stage.deploy({ version: NEXT_MINOR, sha256 });
    const cluster = await stage.cluster();
    // The leader looks every 5 s whether all members run the next minor, and raises the cluster's version then.
    await eventually(`the cluster is at ${NEXT_MINOR}`, async () => {
      const answers = await Promise.all(
        cluster.machines.map((machine) =>
          cluster.on(
            machine,
            "curl -sS --cacert $ETCDCTL_CACERT --cert $ETCDCTL_CERT --key $ETCDCTL_KEY https://127.0.0.1:2379/version",
          ),
        ),
      );
      return answers.every(({ stdout }) => stdout.includes(`"etcdserver":"${NEXT_MINOR}","etcdcluster":"3.7.0"`));
    });
    await mustAllVote(stage);
    return lines;
  },
};
