import { Lazy } from "cdktf";
import { Construct } from "constructs";
import { TerraformData } from "../../terraform/terraform-data";

/**
 * Has the plan refuse to create a group's machines where some exist already and Terraform's state has none: the state
 * was lost, or belongs to somebody else. It is a record, created before the first machine, of what each machine's own
 * record found under its name when that one was created. It keeps what it found for good, so only a state without it
 * looks again. Machines that a version without this check created have records that found nothing, so for them it may
 * be created later.
 */
export class LostStateCheck extends TerraformData {
  private readonly found: string[];

  public constructor(scope: Construct, id: string) {
    const found: string[] = [];
    super(scope, id, {
      // null where a record did not look.
      input: Lazy.stringValue({ produce: () => `\${join("; ", compact([${found.join(", ")}]))}` }),
      lifecycle: {
        ignoreChanges: ["input"],
        postcondition: [
          {
            condition: '${self.input == ""}',
            errorMessage:
              "DigitalOcean has machines of these names, and Terraform's state knows none: ${self.input}. If there was a state, " +
              "put it back: a Terraform that is killed may leave its file empty, and the one before lies beside it, with " +
              "'.backup' after its name. If these are what a first deploy made before it was killed, destroy them: doctl " +
              "compute droplet delete <id>. If they are another cluster's, give this one a 'namePrefix' of its own.",
          },
        ],
      },
    });
    this.found = found;
  }

  /** Adds what the record of a machine found. */
  public include(machine: TerraformData): void {
    this.found.push(`${machine.terraformResourceType}.${machine.friendlyUniqueId}.input`);
  }
}
