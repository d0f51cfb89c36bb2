import { Construct } from "constructs";
import { SshStep } from "../node/ssh-step";
import { TerraformData } from "../terraform/terraform-data";

/**
 * The machines of the cluster at the end of a rollout. It does nothing but keep machines that leave until then:
 * Terraform destroys a machine only after whatever depended on it in the state, so after the membership before this
 * one; and that one is destroyed only after this one is created, so after the last step of the rollout, which has
 * removed the machine's member from the cluster.
 *
 * The steps themselves could not do that: the next deploy replaces a step that failed, destroys what is left of the one
 * before it at once, and the machine with it. This resource cannot fail.
 */
export class Membership extends TerraformData {
  public constructor(scope: Construct, id: string, machineIds: Record<string, string>, last: SshStep) {
    super(scope, id, {
      triggersReplace: { machines: machineIds, converged: last.id },
      // Terraform extends this to all that it depends on: new steps of a rollout, too, are created before the old ones
      // are destroyed.
      lifecycle: { createBeforeDestroy: true },
    });
  }
}
