import { constants } from "node:fs";
import { copyFile, mkdir, rename } from "node:fs/promises";
import * as path from "node:path";
import { LabPaths } from "../../lab/paths";
import { EtcdRelease } from "./release";

/** Puts a release of etcd where the lab's mirror serves it from: at once, also while the lab is up. */
export async function publishRelease(paths: LabPaths, version: string, release: EtcdRelease): Promise<void> {
  const directory = path.join(paths.releases, `v${version}`);
  const file = path.join(directory, path.basename(release.tarball));
  await mkdir(directory, { recursive: true });
  // A copy: the mirror follows no link out of its directory.
  await copyFile(release.tarball, `${file}.new`, constants.COPYFILE_FICLONE);
  await rename(`${file}.new`, file);
}
