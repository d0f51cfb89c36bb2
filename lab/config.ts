import type { EtcdOrigin } from "../proofs/etcd/release";
import type { ProviderInMirror } from "./terraform/providers";
import { ToolError } from "./tools/tool-error";
import { LabPaths } from "./paths";
import { readJson, writeAtomically } from "./tools/files";

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
  /** Packages that machines have from the start, besides those of a fresh droplet. */
  readonly imagePackages: readonly string[];
  readonly etcd: {
    readonly version: string;
    readonly sha256: string;
    readonly tarball: string;
    readonly binDir: string;
    readonly origin: EtcdOrigin;
  };
}

export function writeConfig(paths: LabPaths, config: LabConfig): void {
  writeAtomically(paths.config, `${JSON.stringify(config, null, 2)}\n`);
}

/** The lab's settings, or undefined if there is no lab. */
export function findConfig(paths: LabPaths): LabConfig | undefined {
  return readJson(paths.config) as LabConfig | undefined;
}

/** @throws ToolError if there is no lab */
export function readConfig(paths: LabPaths): LabConfig {
  const config = findConfig(paths);
  if (config === undefined) {
    throw new ToolError(`There is no lab in ${paths.root}.`, "Start one: npm run lab -- up");
  }
  return config;
}
