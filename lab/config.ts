import { LabPaths } from "./paths";
import type { ProviderInMirror } from "./terraform/providers";
import { readJson, writeAtomically } from "./tools/files";
import { ToolError } from "./tools/tool-error";
import type { PairSettings } from "./wan/protocol";

/** Increased when a lab that earlier code brought up cannot be used any more. */
const FORMAT = 2;

/** A lab's settings: `up` chooses them and writes them down, all other commands read them. */
export interface LabConfig {
  /** Port of the API server on 127.0.0.1. */
  readonly port: number;
  /** The only API token that this lab accepts. */
  readonly token: string;
  readonly terraform: { readonly path: string; readonly flavour: string; readonly version: string };
  readonly providers: readonly ProviderInMirror[];
  /** Directory of Terraform's filesystem mirror with these providers. */
  readonly mirrorDir: string;
  /** Round-trip times between all locations. */
  readonly matrix: readonly PairSettings[];
  /** This, `imagePackages` and `packages`: see LabDefinition. */
  readonly image?: string;
  readonly imagePackages: readonly string[];
  readonly packages: readonly string[];
  /** This, `programs` and `standIns`: see Supplies. */
  readonly environment: Readonly<Record<string, string>>;
  readonly programs: readonly string[];
  readonly standIns: readonly string[];
}

export function writeConfig(paths: LabPaths, config: LabConfig): void {
  writeAtomically(paths.config, `${JSON.stringify({ format: FORMAT, ...config }, null, 2)}\n`);
}

/**
 * The lab's settings, or undefined if there is no lab.
 *
 * @throws ToolError if it was brought up by another version
 */
export function findConfig(paths: LabPaths): LabConfig | undefined {
  const found = readJson(paths.config) as (LabConfig & { readonly format?: number }) | undefined;
  if (found === undefined || found.format === FORMAT) return found;
  throw new ToolError(
    `The lab in ${paths.root} was brought up by another version of this program.`,
    "Take it down with that version, and bring it up again with this one.",
  );
}

/** The settings of the lab that is up. @throws ToolError if there is none, or another version brought it up */
export function readConfig(paths: LabPaths): LabConfig {
  const config = findConfig(paths);
  if (config === undefined) {
    throw new ToolError(`There is no lab in ${paths.root}.`, "Bring one up, with `up`.");
  }
  return config;
}
