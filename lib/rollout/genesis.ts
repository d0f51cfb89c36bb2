import { DataResource, IResolvable, ITerraformDependable, Postcondition, RemoteExecProvisioner } from "cdktf";
import { Construct } from "constructs";
import { literals } from "../terraform/literal";

/** A machine that may found the cluster. */
export interface Founder {
  readonly machineId: string;
  readonly peerUrl: string;
}

/** What the code declares about the cluster's founding. */
export interface GenesisProps {
  /** By name. */
  readonly founders: Readonly<Record<string, Founder>>;
  /** How often the cluster was founded. */
  readonly founding: number;
  /** The backup that the founders take their data from, empty for none. */
  readonly snapshot: string;
  /** Each writes onto a founder's disk, while the record is made, that it may found the cluster; one after the other. */
  readonly preparations: RemoteExecProvisioner[];
  readonly dependsOn: ITerraformDependable[];
}

/**
 * The machines that were there at the cluster's birth: member name -> machine id and peer URL, kept by Terraform as it
 * was when the record was made. A machine that is not in it can never found a cluster.
 *
 * It is made after every machine has been installed, so a machine that never got that far and was replaced leaves no
 * trace in it. Once made, it changes only through `founding`.
 *
 * Being in it is not enough: a machine that is rebuilt keeps its id and loses its disk, and a member that starts empty
 * in place of one with data loses acknowledged writes. So founders also get a note on their disks, written only while
 * the record is made, when nothing has been started yet. An empty disk without the note joins. Where the state has the
 * record already, whichever version made it, no more notes are written, and nobody founds.
 */
export class Genesis extends DataResource {
  public constructor(
    scope: Construct,
    id: string,
    { founders, founding, snapshot, preparations, dependsOn }: GenesisProps,
  ) {
    const source = snapshot === "" ? {} : { snapshot };
    super(scope, id, {
      input: Object.fromEntries(
        Object.entries(founders).map(([name, { machineId, peerUrl }]) => [
          name,
          literals({ machine_id: machineId, peer_url: peerUrl, ...source }),
        ]),
      ),
      // By the name that it has in the states of clusters.
      triggersReplace: { generation: founding },
      lifecycle: { ignoreChanges: ["input"], postcondition: snapshot === "" ? undefined : [foundedFrom(snapshot)] },
      // An empty list of them is no valid configuration.
      provisioners: preparations.length === 0 ? undefined : preparations,
      dependsOn,
    });
  }

  /** The record, as Terraform keeps it. */
  public get record(): IResolvable {
    return this.interpolationForAttribute("output");
  }
}

/**
 * Has the plan fail where a backup is named without a new founding: machines that come later join the cluster, and
 * restore nothing.
 */
function foundedFrom(snapshot: string): Postcondition {
  return {
    // The names need not be the same: the record may have an incomplete backup, from which nothing was founded.
    condition: '${alltrue([for founder in values(self.output) : try(founder.snapshot, "") != ""])}',
    errorMessage:
      `The cluster was not founded from a backup, and would not be now from ${snapshot}, which 'origin' names. To restore it, count ` +
      "'founding' in ClusterOrigin.fromBackup and 'generation' of its hosts up by one in the same edit; or take the backup out of 'origin'.",
  };
}
