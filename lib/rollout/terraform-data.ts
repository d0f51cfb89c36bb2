import { anyToTerraform, hashMapper, TerraformMetaArguments, TerraformResource } from "cdktf";
import { Construct } from "constructs";

/** What a {@link TerraformData} is made of. */
export interface TerraformDataConfig extends TerraformMetaArguments {
  /** The resource is replaced when one of these values changes. */
  readonly triggersReplace: Readonly<Record<string, unknown>>;
}

/**
 * Terraform's built-in `terraform_data`. CDKTF's own class for it runs `terraform version` for each resource at synth, 70
 * ms each. The genesis record is one of those, so a cluster is checked once; everything else is one of these.
 */
export class TerraformData extends TerraformResource {
  private readonly triggersReplace: Readonly<Record<string, unknown>>;

  public constructor(scope: Construct, id: string, config: TerraformDataConfig) {
    super(scope, id, {
      ...config,
      terraformResourceType: "terraform_data",
      terraformGeneratorMetadata: { providerName: "terraform" },
    });
    this.triggersReplace = config.triggersReplace;
  }

  /** Changes when the resource is replaced. */
  public get id(): string {
    return this.getStringAttribute("id");
  }

  protected override synthesizeAttributes(): Record<string, unknown> {
    return { triggers_replace: hashMapper(anyToTerraform)(this.triggersReplace) as unknown };
  }
}
