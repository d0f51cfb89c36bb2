import { TerraformElement } from "cdktf";
import { Construct } from "constructs";
import { expressionAbout } from "../terraform/literal";
import { TerraformData } from "../terraform/terraform-data";

/** Which authority is checked. */
export interface AuthorityEndCheckProps {
  /** "client" or "peer". */
  readonly name: string;
  readonly clusterName: string;
  readonly generation: number;
  /** When it ends, RFC 3339. */
  readonly expiry: string;
  /** How long before its end the warning begins, in hours. */
  readonly warningHours: number;
}

/**
 * A warning in plans and applies about an authority that is due for rotation, as only Terraform's state knows when it
 * ends. It blocks nothing.
 */
export class AuthorityEndCheck extends TerraformElement {
  /**
   * When the first plan with this check was made. Terraform also warns of a check that it cannot evaluate before apply,
   * such as one of an authority that is yet to be created; so the check passes in that first plan.
   */
  private readonly firstPlan: TerraformData;

  public constructor(
    scope: Construct,
    id: string,
    private readonly props: AuthorityEndCheckProps,
  ) {
    super(scope, id);
    this.firstPlan = new TerraformData(this, "first-plan", {
      input: "${plantimestamp()}",
      lifecycle: { ignoreChanges: ["input"] },
    });
  }

  public override toTerraform(): unknown {
    const { name, clusterName, generation, expiry, warningHours } = this.props;
    const { terraformResourceType, friendlyUniqueId } = this.firstPlan;
    const firstPlan = `${terraformResourceType}.${friendlyUniqueId}.input`;
    const next = generation + 1;
    return {
      check: {
        [this.friendlyUniqueId]: {
          assert: [
            {
              condition: expressionAbout(
                expiry,
                (ends) =>
                  `${firstPlan} == plantimestamp() ? true : timecmp(timeadd(plantimestamp(), "${warningHours}h"), ${ends}) < 0`,
              ),
              error_message:
                `The ${name} authority of ${clusterName}, generation ${generation}, ends at ${expiry}. Rotate it before that, in ` +
                `three deploys: pki: { ${name}Authority: AuthorityGeneration.introducing(${next}) }, then .signing(${next}), then .of(${next})` +
                `${name === "client" ? "; clients need new files after each of the first two" : ""}. See 'Rotate an authority' in docs/operations.md`,
            },
          ],
        },
      },
    };
  }
}
