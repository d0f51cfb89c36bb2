import * as path from "node:path";
import {
  ensureCommands,
  ensureConformance,
  ensureGoTests,
  ensureImage,
  ensurePackageMirror,
  ensureVersitygw,
  Lab,
  LAB_GO_TESTS,
  LabPaths,
  type Progress,
} from "terraform-lab";
import definition, { FIRST_BOOT_PACKAGES } from "../lab.config";
import { ensureEarlierCheckout } from "../earlier-checkout";
import { ensureLabEtcd } from "../etcd/in-lab";
import { ensureKnownEtcd } from "../etcd/known-release";
import { ensureExploration } from "../exploration/explore";
import { ensureGoClient, ensurePermissions, ensureProbe, ensureWorkload, PROOFS_GO_TESTS } from "../programs";
import { RESULT_PATHS } from "./result-paths";
import type { Tier } from "./stories";
import { UPGRADE_FROM } from "./upgrade-from";

/** The versions of etcd that stories of a tier deploy beside the lab's own. */
const RELEASES: Readonly<Record<Tier, readonly string[]>> = {
  lab: [],
  long: ["3.5.33", "3.6.16", "3.7.3"],
};

/**
 * Downloads and builds all that stories use: they run without access to the outside, and tests' time limits do not allow
 * for builds. Takes minutes on a bare machine, and no time if the cache has everything.
 */
export async function prepare(tiers: readonly Tier[], progress: Progress): Promise<void> {
  const lab = new Lab(definition, new LabPaths(path.join(RESULT_PATHS.directory, "prepare")), progress);
  for (const packages of [[], FIRST_BOOT_PACKAGES]) await lab.prepare({ imagePackages: packages });
  await ensureLabEtcd(progress);
  await ensureCommands(["openssl", "promtool"], progress);
  await ensureVersitygw(progress);
  await ensureWorkload(progress);
  await ensureProbe(progress);
  if (tiers.includes("long")) await ensurePermissions(progress);
  await ensureGoClient(progress);
  await ensureConformance(progress);
  await ensureExploration(progress);
  for (const tests of [LAB_GO_TESTS, PROOFS_GO_TESTS].flatMap((all) => Object.values(all))) {
    await ensureGoTests(tests, progress);
  }
  // For the tests of the package mirror and of images.
  await ensurePackageMirror(await ensureImage("debian-13-x64", progress), ["chrony"], progress);
  await ensureImage("ubuntu-24-04-x64", progress);
  for (const version of tiers.flatMap((tier) => RELEASES[tier])) {
    await ensureKnownEtcd(version, progress);
  }
  if (tiers.includes("long")) await ensureEarlierCheckout(UPGRADE_FROM, progress);
}
