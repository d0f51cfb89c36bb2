import { Lazy } from "cdktf";
import { Construct } from "constructs";
import { TerraformData } from "../terraform/terraform-data";

/**
 * Refuses, in the plan, to make a group's machines where some are there already and none is in Terraform's state: the state was
 * lost, or is another's. It is a record, made before the first machine, of what each machine's own record found of its name
 * when that was made; as it keeps that for good, only a state without it looks again. Where the machines were made by a version
 * that had no such record, theirs found nothing, and this one may be made late.
 */
export class LostStateCheck extends TerraformData {
  private readonly found: string[];

  public constructor(scope: Construct, id: string) {
    const found: string[] = [];
    super(scope, id, {
      // null where it was not looked for.
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

  /** Has it take into account what the record of a machine found. */
  public include(machine: TerraformData): void {
    this.found.push(`${machine.terraformResourceType}.${machine.friendlyUniqueId}.input`);
  }
}
