import { Construct } from "constructs";
import { SshStep } from "../node/ssh-step";
import { TerraformData } from "../terraform/terraform-data";

/**
 * Who is in the cluster once a rollout is through. It does nothing, and holds every machine that leaves until then:
 * Terraform destroys a machine only after whatever depended on it in its state, so after the membership that this one
 * replaces; and that goes only once this one is made, so after the last step of the rollout, which has removed the
 * machine's member from the cluster.
 *
 * The steps themselves could not hold it. One that fails is replaced by the next deploy, and what is left of its
 * predecessor is destroyed at once, the machine with it. This one cannot fail.
 */
export class Membership extends TerraformData {
  public constructor(scope: Construct, id: string, machineIds: Record<string, string>, last: SshStep) {
    super(scope, id, {
      triggersReplace: { machines: machineIds, converged: last.id },
      // Reaches all that it depends on: the steps of the rollout too are made anew before the old ones go.
      lifecycle: { createBeforeDestroy: true },
    });
  }
}
