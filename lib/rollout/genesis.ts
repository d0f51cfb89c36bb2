import { DataResource, IResolvable, ITerraformDependable, Postcondition } from "cdktf";
import { Construct } from "constructs";

/** A machine that may found the cluster. */
export interface Founder {
  readonly machineId: string;
  readonly peerUrl: string;
}

/** What the code says of the cluster's founding. */
export interface GenesisProps {
  /** By name. */
  readonly founders: Readonly<Record<string, Founder>>;
  /** How often the cluster was founded. */
  readonly generation: number;
  /** The backup that the founders take their data from, empty for none. */
  readonly restore: string;
  readonly dependsOn: ITerraformDependable[];
}

/**
 * Who was there at the cluster's birth: member name -> machine id and peer URL, kept by Terraform as it was when the
 * record was made. A machine that is not in it can never found a cluster.
 *
 * It is made after every machine has been installed, so a machine that never got that far and was replaced leaves no
 * trace in it. Once it is made it only changes by hand, through `generation`.
 */
export class Genesis extends DataResource {
  public constructor(scope: Construct, id: string, { founders, generation, restore, dependsOn }: GenesisProps) {
    const snapshot = restore === "" ? {} : { snapshot: restore };
    super(scope, id, {
      input: Object.fromEntries(
        Object.entries(founders).map(([name, { machineId, peerUrl }]) => [
          name,
          { machine_id: machineId, peer_url: peerUrl, ...snapshot },
        ]),
      ),
      triggersReplace: { generation },
      lifecycle: { ignoreChanges: ["input"], postcondition: restore === "" ? undefined : [foundedFrom(restore)] },
      dependsOn,
    });
  }

  /** The record, as Terraform keeps it. */
  public get record(): IResolvable {
    return this.interpolationForAttribute("output");
  }
}

/** Told by the plan, where the record is not made anew: machines that come later join the cluster, and restore nothing. */
function foundedFrom(snapshot: string): Postcondition {
  return {
    // From which one does not matter: one that was not whole may have been named before, and nothing founded from it.
    condition: '${alltrue([for founder in values(self.output) : try(founder.snapshot, "") != ""])}',
    errorMessage:
      `The cluster was not founded from a backup, and would not be now from ${snapshot}, which 'restore' names. To restore it, count ` +
      "'genesis' of EtcdCluster and 'generation' of its hosts up by one in the same edit; or take 'restore' out.",
  };
}
