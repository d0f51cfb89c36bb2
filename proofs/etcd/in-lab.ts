import * as path from "node:path";
import {
  type Lab,
  LabApi,
  type LabPaths,
  MIRRORED_FILES,
  type MirroredFile,
  OPERATOR_ADDRESS,
  type Progress,
  readConfig,
  readJson,
  silent,
  type Supplies,
  ToolError,
  writeAtomically,
} from "terraform-lab";
import { EtcdVersion } from "../../lib";
import { ensureKnownEtcd } from "./known-release";
import type { EtcdRelease } from "./release";
import { etcdStatus, operatorEnvironment } from "./status";

/** The library's default. */
const ETCD = EtcdVersion.V3_6_14;

/** The release of etcd that a lab has. */
export interface LabEtcd extends EtcdRelease {
  readonly version: string;
}

/** Gets the release that a lab has from the start. */
export function ensureLabEtcd(progress: Progress = silent): Promise<EtcdRelease> {
  return ensureKnownEtcd(ETCD.version, progress);
}

/** What this project adds to a lab: an etcd release in the mirror, etcdctl for the operator, and main.ts's variables. */
export async function supplyEtcd(paths: LabPaths, progress: Progress): Promise<Supplies> {
  const { version } = ETCD;
  const release = await ensureLabEtcd(progress);
  writeAtomically(recordIn(paths), JSON.stringify({ version, ...release } satisfies LabEtcd));
  return {
    files: [mirrored(version, release)],
    programs: [release.binDir],
    environment: {
      ETCD_SSH_FROM: `${OPERATOR_ADDRESS}/32`,
      ETCD_CLIENTS_FROM: `${OPERATOR_ADDRESS}/32`,
      ETCD_VERSION: version,
      ETCD_MIRROR: `${MIRRORED_FILES}etcd`,
      ETCD_MIRROR_INSECURE: "yes",
      ETCD_TARBALL_SHA256: release.sha256,
      ETCD_STATE_DIRECTORY: paths.terraformState,
      ETCD_ACCESS_DIRECTORY: paths.access,
    },
    standIns:
      release.origin === "built"
        ? [`etcd ${version} was built here from its Go modules: its release can't be reached`]
        : [],
  };
}

/** @throws ToolError if there is no lab */
export function etcdIn(paths: LabPaths): LabEtcd {
  const found = readJson(recordIn(paths)) as LabEtcd | undefined;
  if (found !== undefined) return found;
  throw new ToolError(`There is no lab in ${paths.root}.`, "Bring one up: npm run lab -- up");
}

/**
 * Gets another release of etcd and lets the mirror serve it too.
 *
 * @returns environment variables for deploying it
 * @throws ToolError if it is not a version, or the lab is not up
 */
export async function serveEtcd(
  lab: Lab,
  version: string,
  progress: Progress = silent,
): Promise<{ readonly ETCD_VERSION: string; readonly ETCD_TARBALL_SHA256: string }> {
  lab.config();
  const release = await ensureKnownEtcd(version, progress);
  await lab.publish(mirrored(version, release));
  return { ETCD_VERSION: version, ETCD_TARBALL_SHA256: release.sha256 };
}

/** Roles of the machines by name, "leader" or "member"; empty if no cluster answers. */
export async function rolesOfMembers(paths: LabPaths): Promise<Record<string, string>> {
  const machines = await LabApi.of(readConfig(paths)).droplets();
  const endpoints = machines
    .filter((machine) => machine.status === "active" && machine.publicAddress !== undefined)
    .map((machine) => `https://${machine.publicAddress ?? ""}:2379`);
  const env = operatorEnvironment(paths, endpoints);
  if (env === undefined) return {};
  const status = await etcdStatus(path.join(etcdIn(paths).binDir, "etcdctl"), env).catch(() => undefined);
  return Object.fromEntries(
    (status?.members ?? []).map(({ name }) => [name, name === status?.leader ? "leader" : "member"]),
  );
}

function mirrored(version: string, release: EtcdRelease): MirroredFile {
  return { path: `etcd/v${version}/${path.basename(release.tarball)}`, source: release.tarball };
}

function recordIn(paths: LabPaths): string {
  return path.join(paths.root, "etcd.json");
}
