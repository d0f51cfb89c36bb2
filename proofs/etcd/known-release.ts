import { hostArch, type Progress } from "terraform-lab";
import { Architecture, EtcdVersion } from "../../lib";
import { ensureEtcd, type EtcdRelease } from "./release";

/** Gets a release of etcd, for example "3.6.14", with the library's checksum for it, if any; see {@link ensureEtcd}. */
export function ensureKnownEtcd(version: string, progress?: Progress): Promise<EtcdRelease> {
  const architecture = hostArch() === "arm64" ? Architecture.ARM64 : Architecture.AMD64;
  return ensureEtcd({ version, sha256: EtcdVersion._publishedSha256(version, architecture) }, progress);
}
