import { DataDigitaloceanDroplets } from "@cdktf/provider-digitalocean/lib/data-digitalocean-droplets";
import { TerraformProvider, Token } from "cdktf";
import { Construct } from "constructs";

/**
 * The droplets that carry the group's tag when the plan is made. Filtered by the tag's name and not by a reference to
 * the tag, so that Terraform reads them in the plan, before any machine comes or goes.
 */
export class MachinesAtStart extends DataDigitaloceanDroplets {
  public constructor(scope: Construct, id: string, tagName: string, provider?: TerraformProvider) {
    super(scope, id, { provider, filter: [{ key: "tags", values: [tagName] }] });
  }

  /** Their public addresses. */
  public get addresses(): string[] {
    return Token.asList(this.interpolationForAttribute("droplets[*].ipv4_address"));
  }

  /** Terraform's expression for the list of them. */
  public get list(): string {
    return `data.${this.terraformResourceType}.${this.friendlyUniqueId}.droplets`;
  }

  /**
   * Terraform's expression for the names, ids and addresses of some of them, as one string; empty if there are none.
   *
   * @param condition Terraform's expression of a droplet `d`
   */
  public described(condition: string): string {
    return `join("; ", [for d in ${this.list} : "\${d.name}, id \${d.id}, \${d.ipv4_address}" if ${condition}])`;
  }
}
