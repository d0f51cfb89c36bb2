import * as path from "node:path";
import { AssetType, Fn, IResolvable, TerraformAsset, TerraformStack } from "cdktf";
import { Construct } from "constructs";
import { literals } from "./literal";
import { asItIs, Written } from "./writers";

const ASSET_ID = "cdktf-etcd-templates";

/** A value for a template: what a writer has made, and what is no text. */
export type TemplateValue =
  Written | number | boolean | IResolvable | readonly TemplateValue[] | { readonly [name: string]: TemplateValue };

/** What a Terraform template may be given. */
export type TemplateVariables = Readonly<Record<string, TemplateValue>>;

/** The package's `templates/` folder, copied beside the stack once, so that remote runs have it too. */
export class Templates {
  /** The templates of the stack that `scope` is in. */
  public static of(scope: Construct): Templates {
    const stack = TerraformStack.of(scope);
    const asset =
      (stack.node.tryFindChild(ASSET_ID) as TerraformAsset | undefined) ??
      // lib/terraform and dist/terraform are equally deep in the package.
      new TerraformAsset(stack, ASSET_ID, {
        path: path.resolve(__dirname, "..", "..", "templates"),
        type: AssetType.DIRECTORY,
      });
    return new Templates(asset.path);
  }

  private constructor(private readonly directory: string) {}

  /** A file of `templates/` as it is. */
  public file(name: string): Written {
    return asItIs(Fn.file(this.pathOf(name)));
  }

  /** A file of `templates/`, rendered by Terraform when it is applied. */
  public render(name: string, variables: TemplateVariables): Written {
    return asItIs(Fn.templatefile(this.pathOf(name), literals(variables)) as string);
  }

  private pathOf(name: string): string {
    // Terraform runs in the stack's folder, which asset paths are relative to.
    return `${this.directory}/${name}`;
  }
}
