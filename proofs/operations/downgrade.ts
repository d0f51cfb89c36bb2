import type { LabCluster } from "../lab-cluster";
import { eventually } from "../harness";
import { mustHave } from "./stage";

/**
 * Enables etcd's downgrade to an older minor, for example "3.6", and waits until members of that version may be started;
 * see docs/operations.md.
 */
export async function enableDowngrade(cluster: LabCluster, minor: string): Promise<void> {
  for (const step of ["validate", "enable"]) {
    // On a machine, as root: with authorization on nobody else may.
    const { ok, stderr } = await cluster.on(cluster.machines[0], `etcdctl downgrade ${step} ${minor}`);
    mustHave(`the downgrade to ${minor} passes "${step}"`, ok, stderr);
  }
  await eventually(`every member's data are in the form of ${minor}`, async () => {
    const { stdout } = await cluster.etcdctl(["endpoint", "status", "-w", "json"]);
    return stdout.split(`"storageVersion":"${minor}.0"`).length - 1 === cluster.machines.length;
  });
}
