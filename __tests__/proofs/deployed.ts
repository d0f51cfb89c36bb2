import type { LabDroplet } from "terraform-lab";
import type { Knobs } from "../../proofs/apps/cluster-stack";
import { LabHarness } from "../../proofs/harness";
import type { LabCluster } from "../../proofs/lab-cluster";

/** A lab with a cluster in three regions for the tests of a file. */
export class Deployed {
  public readonly harness = new LabHarness();
  private found?: LabCluster;

  /** The cluster, with the machines that it had when it was last looked at. */
  public get cluster(): LabCluster {
    if (this.found === undefined) throw new Error("nothing is deployed yet");
    return this.found;
  }

  public get london(): LabDroplet {
    return this.cluster.machine("etcd-lon1");
  }
  public get newYork(): LabDroplet {
    return this.cluster.machine("etcd-nyc3");
  }
  public get singapore(): LabDroplet {
    return this.cluster.machine("etcd-sgp1");
  }

  /** Looks which machines there are by now. */
  public async look(): Promise<void> {
    this.found = await this.harness.cluster();
  }
}

/** Boots a lab and deploys a cluster before the tests of this file, and takes all of it down after them. */
export function useDeployed(knobs: Knobs = {}): Deployed {
  const deployed = new Deployed();
  beforeAll(async () => {
    await deployed.harness.up();
    await deployed.harness.deploy(knobs);
    await deployed.look();
  });
  afterAll(() => deployed.harness.down());
  return deployed;
}
