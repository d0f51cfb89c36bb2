import { DataDigitaloceanDroplets } from "@cdktf/provider-digitalocean/lib/data-digitalocean-droplets";
import { TerraformProvider, Token } from "cdktf";
import { Construct } from "constructs";
import { hostClaim, IEtcdHost } from "../../etcd-host";
import { holderOf } from "../../terraform/claims";
import { LateExpression } from "../../terraform/late-expression";

/**
 * The droplets that carry the group's tag when the plan is made. Filtered by the tag's name and not by a reference to
 * the tag, so that Terraform reads them in the plan, before any machine comes or goes.
 *
 * Others may carry the tag, too: people put it on machines of other kinds, and clusters share a group. So what is said of
 * them is said of the group's own, by their names; and of those of one cluster, where it is about a cluster.
 */
export class MachinesAtStart extends DataDigitaloceanDroplets {
  private readonly hosts: IEtcdHost[] = [];

  public constructor(
    scope: Construct,
    id: string,
    private readonly tagName: string,
    provider?: TerraformProvider,
  ) {
    super(scope, id, { provider, filter: [{ key: "tags", values: [tagName] }] });
  }

  /** Adds a host of the group. */
  public include(host: IEtcdHost): void {
    this.hosts.push(host);
  }

  /**
   * Public addresses of the droplets that may belong to a host's cluster: those of the group, without those of hosts that
   * other clusters have now. Where a machine was taken out of the code, nobody knows whose it was.
   */
  public addressesFor(host: IEtcdHost): string[] {
    return Token.asList(
      new LateExpression(() => {
        const others = this.hosts
          .filter((other) => clusterOf(other) !== clusterOf(host))
          .map(({ hostName }) => hostName);
        const isOthers = others.length === 0 ? "" : ` && !contains(${JSON.stringify(others)}, d.name)`;
        return `[for d in ${this.list} : d.ipv4_address if ${this.isOwn}${isOthers}]`;
      }),
    );
  }

  /** Terraform's expression for the list of all that carry the tag. */
  public get list(): string {
    return `data.${this.terraformResourceType}.${this.friendlyUniqueId}.droplets`;
  }

  /**
   * Terraform's condition of a droplet `d` to be one of the group's: its name begins with the prefix. Where a host was
   * given another name, any may be.
   */
  public get isOwn(): string {
    const prefix = `${this.tagName}-`;
    const told = this.hosts.every(({ hostName }) => hostName.startsWith(prefix));
    return told ? `startswith(d.name, ${JSON.stringify(prefix)})` : "true";
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

function clusterOf(host: IEtcdHost): unknown {
  return holderOf(host.node.root, hostClaim(host));
}
