import { mkdir, rename, writeFile } from "node:fs/promises";
import * as path from "node:path";

/** Options of a Terraform CLI configuration file. */
export interface TerraformrcProps {
  /** Where to write it; give the same path to Terraform as TF_CLI_CONFIG_FILE. */
  readonly file: string;
  /** The provider mirror, see providers.ts. */
  readonly mirrorDir: string;
  /** Whether providers that are not in the mirror may come from their registry. */
  readonly registryReachable: boolean;
}

/** Writes a Terraform CLI configuration that takes providers from the mirror and disables checks for new versions. */
export async function writeTerraformrc(props: TerraformrcProps): Promise<void> {
  await mkdir(path.dirname(props.file), { recursive: true });
  const draft = `${props.file}.${process.pid}`;
  await writeFile(draft, terraformrc(props));
  await rename(draft, props.file);
}

/** The text of that file. */
export function terraformrc(props: Omit<TerraformrcProps, "file">): string {
  // Without a "direct" block, a provider that is not in the mirror is an error at once, not after a long wait.
  const direct = props.registryReachable ? "  direct {}\n" : "";
  // Without a plugin cache, init links to the unpacked providers of the mirror, which is faster.
  return `disable_checkpoint = true

provider_installation {
  filesystem_mirror {
    path = ${JSON.stringify(props.mirrorDir)}
  }
${direct}}
`;
}
