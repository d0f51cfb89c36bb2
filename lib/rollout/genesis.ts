import { DataResource, IResolvable, ITerraformDependable } from "cdktf";
import { Construct } from "constructs";

/** A machine that may found the cluster. */
export interface Founder {
  readonly machineId: string;
  readonly peerUrl: string;
}

/**
 * Who was there at the cluster's birth: member name -> machine id and peer URL, kept by Terraform as it was when the
 * record was made. A machine that is not in it can never found a cluster.
 *
 * It is made after every machine has been installed, so a machine that never got that far and was replaced leaves no
 * trace in it. Once it is made it only changes by hand, through `generation`.
 */
export class Genesis extends DataResource {
  public constructor(
    scope: Construct,
    id: string,
    founders: Record<string, Founder>,
    generation: number,
    dependsOn: ITerraformDependable[],
  ) {
    super(scope, id, {
      input: Object.fromEntries(
        Object.entries(founders).map(([name, { machineId, peerUrl }]) => [
          name,
          { machine_id: machineId, peer_url: peerUrl },
        ]),
      ),
      triggersReplace: { generation },
      lifecycle: { ignoreChanges: ["input"] },
      dependsOn,
    });
  }

  /** The record, as Terraform keeps it. */
  public get record(): IResolvable {
    return this.interpolationForAttribute("output");
  }
}
