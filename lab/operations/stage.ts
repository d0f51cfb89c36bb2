import type { Knobs } from "../../__tests__/lab/apps/cluster";
import { said, type LabHarness } from "../../__tests__/lab/lab-harness";
import type { LabDroplet } from "../api-client";
import type { LabCluster } from "../cluster";
import { errorsIn } from "../deploy";

/** Locations of the load's clients. */
export const CLIENT_LOCATIONS = ["lon1", "nyc3", "sgp1"];

/** A deployed cluster that operations are done to, and what it is declared as. */
export class Stage {
  public constructor(
    public readonly harness: LabHarness,
    private declared: Knobs,
  ) {}

  /** What the cluster is declared as. */
  public get knobs(): Knobs {
    return { clientSites: CLIENT_LOCATIONS, ...this.declared };
  }

  public get regions(): readonly string[] {
    return this.declared.regions ?? CLIENT_LOCATIONS;
  }

  public cluster(): Promise<LabCluster> {
    return this.harness.cluster();
  }

  public async machine(name: string): Promise<LabDroplet> {
    return (await this.cluster()).machine(name);
  }

  /** Makes an edit and deploys it; returns what the node scripts said. */
  public async deploy(edit: Knobs = {}): Promise<string[]> {
    this.declared = { ...this.declared, ...edit };
    return said(await this.harness.deploy(this.knobs));
  }

  /** Makes an edit that is expected to fail, deploys it and takes it back; returns Terraform's error. */
  public async deployFails(edit: Knobs): Promise<string> {
    return errorsIn(await this.harness.deployFails({ ...this.knobs, ...edit }));
  }

  /** `terraform apply -replace` of a machine; returns what the node scripts said. */
  public async replaceMachine(location: string): Promise<string[]> {
    const addresses = (await this.harness.terraform("state", "list")).split("\n");
    const droplet = addresses.find((address) => address.startsWith(`digitalocean_droplet.hosts_${location}_`));
    if (droplet === undefined) throw new Error(`no droplet at ${location} among ${addresses.join(", ")}`);
    return said(await this.harness.terraform("apply", "-auto-approve", "-no-color", `-replace=${droplet}`));
  }
}

/** What an operation has to have done. */
export function mustHave(what: string, holds: boolean, evidence: unknown): void {
  if (!holds) throw new Error(`${what}, but: ${JSON.stringify(evidence)}`);
}
