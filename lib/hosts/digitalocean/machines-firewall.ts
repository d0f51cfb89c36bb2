import { Droplet } from "@cdktf/provider-digitalocean/lib/droplet";
import { Firewall, FirewallInboundRule, FirewallOutboundRule } from "@cdktf/provider-digitalocean/lib/firewall";
import { TerraformProvider, Token } from "cdktf";
import { Construct } from "constructs";
import { LateExpression } from "../../terraform/late-expression";

/** DigitalOcean's limit for a firewall. A larger group has the one that is bound to the tag alone. */
const MOST_DROPLETS = 10;

/** Whom a rule is about: the machines of a group. */
export interface GroupMembers {
  /** Those that carry the tags. */
  readonly tags?: string[];
  /** Those with these ids. */
  readonly dropletIds?: number[];
}

/** Rules of a firewall, for whatever tells the machines of the group. */
export type FirewallRules = (members: GroupMembers) => {
  readonly inboundRule: FirewallInboundRule[];
  readonly outboundRule: FirewallOutboundRule[];
};

/** What a {@link MachinesFirewall} is made of. */
export interface MachinesFirewallProps {
  readonly provider?: TerraformProvider;
  readonly name: string;
  readonly rules: FirewallRules;
}

/**
 * A second firewall with the rules of the first, bound to the droplets by their ids. The tag alone would do, and covers a
 * droplet from its first second on; but a tag is the account's: whoever deletes it, such as a cluster of the same prefix
 * that is destroyed, would leave these machines without a firewall, and without a way to each other. It can't be one
 * firewall: that would be made only after the droplets that it names.
 */
export class MachinesFirewall extends Firewall {
  private readonly droplets: Droplet[];

  public constructor(scope: Construct, id: string, { provider, name, rules }: MachinesFirewallProps) {
    const droplets: Droplet[] = [];
    const idOf = (droplet: Droplet): string => `${droplet.terraformResourceType}.${droplet.friendlyUniqueId}.id`;
    const ids = Token.asNumberList(new LateExpression(() => `[${droplets.map(idOf).join(", ")}]`));
    super(scope, id, { provider, name, dropletIds: ids, ...rules({ dropletIds: ids }) });
    this.droplets = droplets;
  }

  /** Adds a machine. */
  public include(droplet: Droplet): void {
    this.droplets.push(droplet);
  }

  public override toTerraform(): unknown {
    const { length } = this.droplets;
    return length > 0 && length <= MOST_DROPLETS ? (super.toTerraform() as unknown) : {};
  }
}
