import { link, mkdir, readFile, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { cached, isCached, type CacheKey } from "../tools/cache";
import { CommandError, run } from "../tools/command";
import { buildGoModules, buildGoSources } from "../tools/go-build";
import { goSourcesOf } from "../tools/go-sources";
import { hostArch } from "../tools/platform";
import { silent, type Progress } from "../tools/progress";
import { reachable } from "../tools/reach";
import { sha256OfText } from "../tools/sha256";
import type { TerraformTool } from "./find-terraform";
import { ToolError } from "../tools/tool-error";

/** Where a provider came from. */
export type ProviderOrigin =
  /** The registry: the provider that production uses. */
  | "registry"
  /** Built from its published source, at nearly the same version. */
  | "source"
  /** The lab's own provider with the same schema, for a part of its resources. */
  | "stand-in";

/** One provider in the mirror. */
export interface ProviderInMirror {
  /** For example "digitalocean/digitalocean". */
  readonly address: string;
  readonly version: string;
  readonly origin: ProviderOrigin;
}

/** A Terraform filesystem mirror with the providers that the library uses. */
export interface ProviderMirror {
  readonly mirrorDir: string;
  readonly providers: readonly ProviderInMirror[];
  /** Whether Terraform may get other providers from the registry. */
  readonly registryReachable: boolean;
}

interface Recipe {
  readonly namespace: string;
  readonly name: string;
  /** The package of the provider's CDKTF bindings, which names the provider version they were generated from. */
  readonly bindings: string;
  /** What to build if the registry cannot be reached. */
  readonly program: Published | StandIn;
}

/** The real provider, published as a Go module. */
interface Published {
  readonly origin: "source";
  /** Module path in its go.mod. */
  readonly module: string;
  /** The path under which it is published, if different. */
  readonly publishedAs?: string;
  readonly moduleVersion: string;
}

/** A program of this project's own. */
interface StandIn {
  readonly origin: "stand-in";
  /** Directory of its main package. */
  readonly sources: string;
}

const LAB = path.join(__dirname, "..");

// HashiCorp's module paths lack the major version, so Go takes their releases only by commit. These commits are of
// August 2026, after tls 4.3.0 and local 2.9.0; what the library uses is the same as in the bindings' versions.
const RECIPES: readonly Recipe[] = [
  {
    namespace: "hashicorp",
    name: "tls",
    bindings: "@cdktf/provider-tls",
    program: {
      origin: "source",
      module: "github.com/hashicorp/terraform-provider-tls",
      moduleVersion: "v1.2.1-0.20260819085117-d044ca7c6f52",
    },
  },
  {
    namespace: "hashicorp",
    name: "local",
    bindings: "@cdktf/provider-local",
    program: {
      origin: "source",
      module: "github.com/terraform-providers/terraform-provider-local",
      publishedAs: "github.com/hashicorp/terraform-provider-local",
      moduleVersion: "v1.4.1-0.20260806152022-9068a4b7aa37",
    },
  },
  {
    namespace: "digitalocean",
    name: "digitalocean",
    bindings: "@cdktf/provider-digitalocean",
    program: {
      origin: "stand-in",
      sources: path.join(LAB, "clouds", "digitalocean", "provider", "cmd", "terraform-provider-digitalocean"),
    },
  },
];

/** Gets the providers from the registry or, if that cannot be reached, builds them, which takes a few minutes once. */
export async function ensureProviders(terraform: TerraformTool, progress: Progress = silent): Promise<ProviderMirror> {
  const wanted = await Promise.all(
    RECIPES.map(async (recipe) => ({ recipe, version: await bindingsVersion(recipe.bindings) })),
  );
  const key = registryMirror(terraform, wanted);
  const registryReachable = await reachable(`https://${terraform.registryHost}/.well-known/terraform.json`);
  // A cached copy from the registry is better than a build.
  if (registryReachable || (await isCached(key))) {
    const mirrorDir = await mirrorRegistry(terraform, wanted, key, progress);
    if (mirrorDir !== undefined) {
      const providers = wanted.map(({ recipe, version }) => ({
        address: addressOf(recipe),
        version,
        origin: "registry" as const,
      }));
      return { mirrorDir, providers, registryReachable };
    }
  }
  return buildMirror(terraform, wanted, progress);
}

interface Wanted {
  readonly recipe: Recipe;
  readonly version: string;
}

/** The provider version that the CDKTF bindings were generated from. */
export async function bindingsVersion(bindings: string): Promise<string> {
  const file = require.resolve(`${bindings}/lib/provider/index.js`);
  const version = /providerVersion: '([^']+)'/.exec(await readFile(file, "utf8"))?.[1];
  if (version === undefined) {
    throw new ToolError(`${file} does not name its provider's version.`, "Run npm ci again.");
  }
  return version;
}

function addressOf(recipe: Recipe): string {
  return `${recipe.namespace}/${recipe.name}`;
}

/** The cache's key for a copy of the registry's providers. */
function registryMirror(terraform: TerraformTool, wanted: readonly Wanted[]): CacheKey {
  const what = [terraform.registryHost, `linux_${hostArch()}`, requirements(wanted)];
  return { name: "providers-registry", version: sha256OfText(what.join(" ")).slice(0, 12) };
}

function requirements(wanted: readonly Wanted[]): string {
  const required = wanted
    .map(({ recipe, version }) => `    ${recipe.name} = { source = "${addressOf(recipe)}", version = "${version}" }\n`)
    .join("");
  return `terraform {\n  required_providers {\n${required}  }\n}\n`;
}

/** Copies the providers from the registry; returns the mirror's directory, undefined if that fails. */
async function mirrorRegistry(
  terraform: TerraformTool,
  wanted: readonly Wanted[],
  key: CacheKey,
  progress: Progress,
): Promise<string | undefined> {
  try {
    const dir = await cached(
      key,
      async (work) => {
        progress(`Downloading the providers from ${terraform.registryHost}`);
        await writeFile(path.join(work, "main.tf"), requirements(wanted));
        const platform = `-platform=linux_${hostArch()}`;
        await run([terraform.path, "providers", "mirror", platform, path.join(work, "mirror")], {
          cwd: work,
          // Ignores a mirror that the user has configured: this is about the registry.
          env: { CHECKPOINT_DISABLE: "1", TF_CLI_CONFIG_FILE: "/dev/null" },
          timeoutMs: 300_000,
        });
      },
      progress,
    );
    return path.join(dir, "mirror");
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    progress(`${terraform.registryHost} answers but the providers could not be had; building them instead`);
    return undefined;
  }
}

async function buildMirror(
  terraform: TerraformTool,
  wanted: readonly Wanted[],
  progress: Progress,
): Promise<ProviderMirror> {
  const built: Built[] = [];
  // One after the other: each build keeps all processors busy.
  for (const one of wanted) built.push(await build(one, progress));

  const platform = `linux_${hostArch()}`;
  const key = sha256OfText(JSON.stringify([terraform.registryHost, platform, built])).slice(0, 12);
  const mirrorDir = await cached({ name: "providers", version: key }, async (work) => {
    for (const { binary, recipe, version } of built) {
      const dir = path.join(work, terraform.registryHost, recipe.namespace, recipe.name, version, platform);
      await mkdir(dir, { recursive: true });
      await link(binary, path.join(dir, path.basename(binary)));
    }
  });
  return {
    mirrorDir,
    providers: built.map(({ recipe, version }) => ({
      address: addressOf(recipe),
      version,
      origin: recipe.program.origin,
    })),
    registryReachable: false,
  };
}

interface Built extends Wanted {
  readonly binary: string;
}

async function build({ recipe, version }: Wanted, progress: Progress): Promise<Built> {
  const file = binaryName(recipe, version);
  try {
    const dir = await cached(
      await keyOf(recipe, version),
      (work) => buildProgram(recipe, path.join(work, file), progress),
      progress,
    );
    return { recipe, version, binary: path.join(dir, file) };
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new ToolError(
      `The provider ${addressOf(recipe)} can neither be downloaded nor built: ${error.message}`,
      "Let this machine reach registry.terraform.io or a Go module proxy (GOPROXY).",
      { cause: error },
    );
  }
}

async function buildProgram({ name, program }: Recipe, output: string, progress: Progress): Promise<void> {
  if (program.origin === "stand-in") {
    progress(`Building the lab's stand-in for the ${name} provider (one to three minutes)`);
    await buildGoSources(await goSourcesOf(program.sources), output, progress);
    return;
  }
  progress(`Building the ${name} provider from source (about a minute)`);
  const { module, publishedAs, moduleVersion } = program;
  const modules =
    publishedAs === undefined
      ? { require: [`${module}@${moduleVersion}`] }
      : { require: [`${module}@v0.0.0`], replace: [`${module}=${publishedAs}@${moduleVersion}`] };
  await buildGoModules(modules, [{ package: module, output }], progress);
}

async function keyOf({ name, program }: Recipe, version: string): Promise<CacheKey> {
  const id =
    program.origin === "source" ? program.moduleVersion : `standin-${(await goSourcesOf(program.sources)).hash}`;
  return { name: `provider-${name}`, version: `${version}-${id}-linux-${hostArch()}` };
}

/** The file name by which Terraform finds a provider in an unpacked mirror. */
function binaryName(recipe: Recipe, version: string): string {
  return `terraform-provider-${recipe.name}_v${version}`;
}
