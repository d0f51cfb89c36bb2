import { Architecture, EtcdVersion } from "../../lib";
import { hostArch } from "../../lab/tools/platform";
import type { Progress } from "../../lab/tools/progress";
import { ensureEtcd, type EtcdRelease } from "./release";

/** Gets a release of etcd, for example "3.6.14", checked by its published sum if the library knows that; see {@link ensureEtcd}. */
export function ensurePublishedEtcd(version: string, progress?: Progress): Promise<EtcdRelease> {
  const architecture = hostArch() === "arm64" ? Architecture.ARM64 : Architecture.AMD64;
  return ensureEtcd({ version, sha256: EtcdVersion._publishedSha256(version, architecture) }, progress);
}
