import { CommandError, run } from "../tools/command";
import { findCommand } from "../tools/find-command";
import { ToolError } from "../tools/tool-error";

/** The first version with terraform_data and provisioners as the library needs them. */
const NEEDED = { major: 1, minor: 5 };

/** Terraform or its fork. */
export type TerraformFlavour = "terraform" | "tofu";

/** The Terraform that the lab runs. */
export interface TerraformTool {
  readonly path: string;
  readonly flavour: TerraformFlavour;
  /** For example "1.11.4". */
  readonly version: string;
  /** The registry that an unqualified provider address such as hashicorp/tls means. */
  readonly registryHost: string;
}

/** Finds `$TERRAFORM_BINARY_NAME`, which cdktf uses too, else terraform, else tofu. */
export async function findTerraform(env: NodeJS.ProcessEnv = process.env): Promise<TerraformTool> {
  const chosen = env.TERRAFORM_BINARY_NAME;
  const names = chosen !== undefined && chosen !== "" ? [chosen] : ["terraform", "tofu"];
  for (const name of names) {
    const path = await findCommand(name);
    if (path !== undefined) return inspect(path);
  }
  throw new ToolError(
    `Neither ${names.join(" nor ")} is on PATH.`,
    chosen === undefined
      ? "Install Terraform (https://developer.hashicorp.com/terraform/install) or OpenTofu (https://opentofu.org/docs/intro/install)."
      : "Correct or unset TERRAFORM_BINARY_NAME.",
  );
}

async function inspect(path: string): Promise<TerraformTool> {
  let stdout: string;
  try {
    stdout = await run([path, "version"], { env: { CHECKPOINT_DISABLE: "1" }, timeoutMs: 20_000 });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new ToolError(`${path} does not run: ${error.message}`, "Install it again.", { cause: error });
  }
  const match = /^(Terraform|OpenTofu) v(\d+)\.(\d+)\.(\d+)/m.exec(stdout);
  if (match === null) {
    throw new ToolError(
      `${path} does not say which Terraform it is.`,
      "Set TERRAFORM_BINARY_NAME to Terraform or OpenTofu.",
    );
  }
  const [, product, major, minor, patch] = match;
  const version = `${major}.${minor}.${patch}`;
  if (Number(major) < NEEDED.major || (Number(major) === NEEDED.major && Number(minor) < NEEDED.minor)) {
    throw new ToolError(
      `${path} is ${product} ${version}; the lab needs ${NEEDED.major}.${NEEDED.minor} or newer.`,
      "Upgrade it, or set TERRAFORM_BINARY_NAME to a newer one.",
    );
  }
  return product === "OpenTofu"
    ? { path, flavour: "tofu", version, registryHost: "registry.opentofu.org" }
    : { path, flavour: "terraform", version, registryHost: "registry.terraform.io" };
}
