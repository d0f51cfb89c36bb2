import { ClusterOrigin, EtcdClusterProps } from "../../lib";
import { BACKUP, cluster, OLD_CLUSTER, resources, synth } from "../synth";

const SNAPSHOT = "etcd-20261122T180000Z-4711.db";

/** Each way in which a cluster can begin. */
const ORIGINS: Readonly<Record<string, Partial<EtcdClusterProps>>> = {
  "none said": {},
  empty: { origin: ClusterOrigin.empty() },
  "empty, founded three times": { origin: ClusterOrigin.empty({ founding: 3 }) },
  "a backup": { origin: ClusterOrigin.fromBackup({ snapshot: SNAPSHOT }) },
  "a backup, founded twice": {
    origin: ClusterOrigin.fromBackup({ snapshot: SNAPSHOT, founding: 2 }),
    backup: BACKUP,
  },
  "a survivor": { origin: ClusterOrigin.fromSurvivor({ member: "etcd-nyc3", founding: 2 }) },
  "a cluster that is taken over": { origin: ClusterOrigin.takeOver(OLD_CLUSTER) },
  "a cluster that is taken over, whose members leave": {
    origin: ClusterOrigin.takeOver({ ...OLD_CLUSTER, retire: true, founding: 2 }),
  },
};

/** What of an origin gets into the state and onto nodes. */
function outcome(props: Partial<EtcdClusterProps>): unknown {
  const synthesized = synth((stack) => void cluster(stack, undefined, props));
  const steps = resources(synthesized, "terraform_data");
  const { input, triggers_replace, lifecycle, provisioner } = steps["etcd/genesis"];
  const { ignore_changes, postcondition = [] } = lifecycle as Record<string, { condition: string }[] | undefined>;
  const addresses = Object.keys(steps).filter((address) => /\/(activate-\d|converge)$/.test(address));
  const locals = JSON.stringify(synthesized.locals);
  return {
    record: { input, triggers_replace, ignore_changes },
    refusedWithout: postcondition.map(({ condition }) => condition),
    founding: (provisioner as { "remote-exec": { connection: { host: string } } }[] | undefined)?.length,
    steps: addresses.sort(),
    declared: [...new Set(locals.match(/\\"(genesis|recover_from|restore|retire_adopted)\\" = [^,}]*/g))],
  };
}

describe("an origin", () => {
  it.each(Object.keys(ORIGINS))("gives state and nodes what it always did: %s", (name) => {
    expect(outcome(ORIGINS[name])).toMatchSnapshot();
  });
});
