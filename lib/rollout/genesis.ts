import { DataResource, IResolvable, ITerraformDependable, Postcondition, RemoteExecProvisioner } from "cdktf";
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
  /** Notes on each founder's disk that it may found, as the record is made: one after the other. */
  readonly preparations: RemoteExecProvisioner[];
  readonly dependsOn: ITerraformDependable[];
}

/**
 * Who was there at the cluster's birth: member name -> machine id and peer URL, kept by Terraform as it was when the
 * record was made. A machine that is not in it can never found a cluster.
 *
 * It is made after every machine has been installed, so a machine that never got that far and was replaced leaves no
 * trace in it. Once it is made it only changes by hand, through `generation`.
 *
 * Being in it is not enough: a machine's identity outlives its disk (a rebuild), and whoever starts with nothing in the place of one that had data takes
 * acknowledged writes from the cluster. So founders get a note on their disks while the record is made, and only then: nothing has been started by that time,
 * and an empty disk without the note joins. States in which the record is there already, whichever version made it, write no more notes: in those nobody founds.
 */
export class Genesis extends DataResource {
  public constructor(
    scope: Construct,
    id: string,
    { founders, generation, restore, preparations, dependsOn }: GenesisProps,
  ) {
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
      provisioners: preparations,
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
