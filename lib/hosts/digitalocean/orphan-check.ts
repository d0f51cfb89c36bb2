import { Droplet } from "@cdktf/provider-digitalocean/lib/droplet";
import { TerraformElement } from "cdktf";
import { Construct } from "constructs";
import { MachinesAtStart } from "./machines-at-start";

/**
 * A warning in plans and applies about droplets that no state has: a Terraform that is killed while it creates a
 * droplet does not record it, and the next one creates another. They are found by their names, which are unique in a
 * group, among the droplets that existed when the plan was made: with a data source inside of the `check`, no plan
 * would be without changes.
 */
export class OrphanCheck extends TerraformElement {
  private readonly droplets: Droplet[] = [];

  public constructor(
    scope: Construct,
    id: string,
    private readonly atStart: MachinesAtStart,
  ) {
    super(scope, id);
  }

  /** Adds a droplet, whose name no other one may have. */
  public include(droplet: Droplet): void {
    this.droplets.push(droplet);
  }

  public override toTerraform(): unknown {
    if (this.droplets.length === 0) return {};
    const names = JSON.stringify(this.droplets.map((droplet) => droplet.nameInput));
    const ids = this.droplets.map((droplet) => `${droplet.terraformResourceType}.${droplet.friendlyUniqueId}.id`);
    const orphans = this.atStart.described(
      `contains(${names}, d.name) && !contains([${ids.join(", ")}], tostring(d.id))`,
    );
    return {
      check: {
        [this.friendlyUniqueId]: {
          assert: [
            {
              condition: `\${alltrue([for name in ${names} : length([for d in ${this.atStart.list} : d if d.name == name]) <= 1])}`,
              error_message:
                `There is a droplet that Terraform does not know of: \${${orphans}}. ` +
                "A deploy that is killed while it makes a machine leaves it behind: it is no member, and is paid for. " +
                "Unless this deploy destroys it: doctl compute droplet delete <id>",
            },
          ],
        },
      },
    };
  }
}
