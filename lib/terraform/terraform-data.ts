import { anyToTerraform, hashMapper, TerraformMetaArguments, TerraformResource } from "cdktf";
import { Construct } from "constructs";
import { literals } from "./literal";

/** What a {@link TerraformData} is made of. */
export interface TerraformDataConfig extends TerraformMetaArguments {
  /**
   * What it remembers.
   * @default - nothing
   */
  readonly input?: string;
  /**
   * The resource is replaced when one of these values changes.
   * @default - it is never replaced
   */
  readonly triggersReplace?: Readonly<Record<string, unknown>>;
}

/**
 * Terraform's built-in `terraform_data`. CDKTF's own class, DataResource, runs `terraform version` for each resource at
 * synthesis, 70 ms each; only the genesis record uses it, so that the version is checked once per cluster.
 */
export class TerraformData extends TerraformResource {
  private readonly inputGiven?: string;
  private readonly triggersReplace?: Readonly<Record<string, unknown>>;

  public constructor(scope: Construct, id: string, config: TerraformDataConfig) {
    super(scope, id, {
      ...config,
      terraformResourceType: "terraform_data",
      terraformGeneratorMetadata: { providerName: "terraform" },
    });
    this.inputGiven = config.input;
    this.triggersReplace = config.triggersReplace;
  }

  /** Changes when the resource is replaced. */
  public get id(): string {
    return this.getStringAttribute("id");
  }

  /** What it remembers. Known in the plan if the given value is, even before the resource exists. */
  public get input(): string {
    return this.getStringAttribute("input");
  }

  protected override synthesizeAttributes(): Record<string, unknown> {
    return {
      input: this.inputGiven,
      triggers_replace: hashMapper(anyToTerraform)(literals(this.triggersReplace)) as unknown,
    };
  }
}
