import { link, mkdir, readFile, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { cached, cachePath, isCached, type CacheKey } from "./cache";
import { CommandError, run } from "./command";
import { buildGoModules, buildGoSource } from "./go-build";
import { hostArch } from "./platform";
import { silent, type Progress } from "./progress";
import { reachable } from "./reach";
import { sha256OfText, sha256OfTree } from "./sha256";
import type { TerraformTool } from "./terraform";
import { ToolError } from "./tool-error";

/** Where a provider came from. */
export type ProviderOrigin =
  /** The registry: the very provider that production uses. */
  | "registry"
  /** Built from its published source, of nearly the same version. */
  | "source"
  /** The lab's own small provider with the same schema. */
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
  /** Whether Terraform may ask the registry for others. */
  readonly registryReachable: boolean;
}

interface Recipe {
  readonly namespace: string;
  readonly name: string;
  /** The CDKTF bindings whose metadata says which version they were made from. */
  readonly bindings: string;
  /** Ways to build it, best first. */
  readonly ways: readonly Way[];
}

type Way =
  | { readonly origin: "source"; readonly module: string; readonly moduleVersion: string }
  | { readonly origin: "stand-in"; readonly package: string };

const RECIPES: readonly Recipe[] = [
  {
    namespace: "hashicorp",
    name: "tls",
    bindings: "@cdktf/provider-tls",
    // Of January 2023: the newest that Go's module proxy serves. What the library uses is the same in 4.1.0.
    ways: [
      {
        origin: "source",
        module: "github.com/hashicorp/terraform-provider-tls",
        moduleVersion: "v1.2.1-0.20230117062332-afdd54107aba",
      },
    ],
  },
  {
    namespace: "hashicorp",
    name: "local",
    bindings: "@cdktf/provider-local",
    ways: [
      {
        origin: "source",
        module: "github.com/terraform-providers/terraform-provider-local",
        moduleVersion: "v1.4.1-0.20251117194318-ba8eb9d12edf",
      },
      // Not every module proxy serves that one.
      { origin: "stand-in", package: "./cmd/terraform-provider-local" },
    ],
  },
  {
    namespace: "digitalocean",
    name: "digitalocean",
    bindings: "@cdktf/provider-digitalocean",
    ways: [{ origin: "stand-in", package: "./cmd/terraform-provider-digitalocean" }],
  },
];

const STAND_IN_SOURCES = path.join(__dirname, "..", "provider");

/** Gets the providers: from the registry if it can be reached, else built here; builds take a few minutes, once. */
export async function ensureProviders(terraform: TerraformTool, progress: Progress = silent): Promise<ProviderMirror> {
  const wanted = await Promise.all(
    RECIPES.map(async (recipe) => ({ recipe, version: await bindingsVersion(recipe.bindings) })),
  );
  if (await reachable(`https://${terraform.registryHost}/.well-known/terraform.json`)) {
    const fromRegistry = await mirrorRegistry(terraform, wanted, progress);
    if (fromRegistry !== undefined) return fromRegistry;
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

async function mirrorRegistry(
  terraform: TerraformTool,
  wanted: readonly Wanted[],
  progress: Progress,
): Promise<ProviderMirror | undefined> {
  const required = wanted
    .map(({ recipe, version }) => `    ${recipe.name} = { source = "${addressOf(recipe)}", version = "${version}" }\n`)
    .join("");
  const config = `terraform {\n  required_providers {\n${required}  }\n}\n`;
  const platform = `linux_${hostArch()}`;
  const key = sha256OfText(`${terraform.registryHost} ${platform} ${config}`).slice(0, 12);
  try {
    const mirrorDir = await cached(
      { name: "providers-registry", version: key },
      async (work) => {
        progress(`Downloading the providers from ${terraform.registryHost}`);
        await writeFile(path.join(work, "main.tf"), config);
        await run([terraform.path, "providers", "mirror", `-platform=${platform}`, path.join(work, "mirror")], {
          cwd: work,
          // Whatever mirror the operator has configured is not the registry.
          env: { CHECKPOINT_DISABLE: "1", TF_CLI_CONFIG_FILE: "/dev/null" },
          timeoutMs: 300_000,
        });
      },
      progress,
    );
    return {
      mirrorDir: path.join(mirrorDir, "mirror"),
      providers: wanted.map(({ recipe, version }) => ({ address: addressOf(recipe), version, origin: "registry" })),
      registryReachable: true,
    };
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
    providers: built.map(({ recipe, version, origin }) => ({ address: addressOf(recipe), version, origin })),
    registryReachable: false,
  };
}

interface Built extends Wanted {
  readonly origin: ProviderOrigin;
  readonly binary: string;
}

async function build({ recipe, version }: Wanted, progress: Progress): Promise<Built> {
  const ways = await Promise.all(recipe.ways.map(async (way) => ({ way, key: await keyOf(recipe, version, way) })));
  for (const { way, key } of ways) {
    // What an earlier run had to fall back to is good enough: its better ways are not tried again each time.
    if (await isCached(key)) {
      return { recipe, version, origin: way.origin, binary: path.join(cachePath(key), binaryName(recipe, version)) };
    }
  }
  let failure: unknown;
  for (const { way, key } of ways) {
    try {
      const dir = await cached(
        key,
        (work) => buildOneWay(recipe, way, path.join(work, binaryName(recipe, version)), progress),
        progress,
      );
      return { recipe, version, origin: way.origin, binary: path.join(dir, binaryName(recipe, version)) };
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      failure = error;
      progress(`The ${recipe.name} provider ${version} cannot be built from its ${way.origin}`);
    }
  }
  throw new ToolError(
    `The provider ${addressOf(recipe)} can neither be downloaded nor built: ${failure instanceof Error ? failure.message : ""}`,
    "Let this machine reach registry.terraform.io or a Go module proxy (GOPROXY).",
    { cause: failure },
  );
}

async function buildOneWay(recipe: Recipe, way: Way, output: string, progress: Progress): Promise<void> {
  if (way.origin === "source") {
    progress(`Building the ${recipe.name} provider from source (one to three minutes)`);
    await buildGoModules([`${way.module}@${way.moduleVersion}`], [{ package: way.module, output }], progress);
  } else {
    progress(`Building the lab's stand-in for the ${recipe.name} provider (one to three minutes)`);
    await buildGoSource(STAND_IN_SOURCES, { package: way.package, output }, progress);
  }
}

async function keyOf(recipe: Recipe, version: string, way: Way): Promise<CacheKey> {
  const id =
    way.origin === "source"
      ? way.moduleVersion
      : `standin-${(await sha256OfTree(STAND_IN_SOURCES, (name) => /\.go$|^go\.(mod|sum)$/.test(name))).slice(0, 12)}`;
  return { name: `provider-${recipe.name}`, version: `${version}-${id}-linux-${hostArch()}` };
}

/** The file name by which Terraform finds a provider in an unpacked mirror. */
function binaryName(recipe: Recipe, version: string): string {
  return `terraform-provider-${recipe.name}_v${version}`;
}
