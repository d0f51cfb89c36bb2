import { LabPaths } from "./paths";
import type { ProviderInMirror } from "./terraform/providers";
import { readJson, writeAtomically } from "./tools/files";
import { ToolError } from "./tools/tool-error";
import type { PairSettings } from "./wan/protocol";

/** Counted up when a lab of before can't be gone on with. */
const FORMAT = 2;

/** What `up` settled and everything else goes by. */
export interface LabConfig {
  /** Port of the API server on 127.0.0.1. */
  readonly port: number;
  /** The only API token that this lab accepts. */
  readonly token: string;
  readonly terraform: { readonly path: string; readonly flavour: string; readonly version: string };
  readonly providers: readonly ProviderInMirror[];
  /** Terraform's filesystem mirror with these providers. */
  readonly mirrorDir: string;
  /** Round-trip times between all places. */
  readonly matrix: readonly PairSettings[];
  /** As in LabDefinition. */
  readonly imagePackages: readonly string[];
  readonly packages: readonly string[];
  /** As in Supplies. */
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

/** @throws ToolError if there is no lab */
export function readConfig(paths: LabPaths): LabConfig {
  const config = findConfig(paths);
  if (config === undefined) {
    throw new ToolError(`There is no lab in ${paths.root}.`, "Bring one up, with `up`.");
  }
  return config;
}
