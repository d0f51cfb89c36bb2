import { EtcdVersion } from "./etcd-version";
import { BootDownload, IEtcdHost } from "./etcd-host";
import { flag, lateText, requireHttpsUrl, requireReachablePort, shape } from "./validation";

const RELEASES = "https://github.com/etcd-io/etcd/releases/download";

/** Where the release tarballs come from. */
export interface EtcdDownloadProps {
  /**
   * URL below which the tarballs lie as `vX.Y.Z/etcd-vX.Y.Z-linux-ARCH.tar.gz`, for machines that do not reach GitHub.
   * It may hold a user and a password, which stand in the user data of new machines.
   * @default - etcd's releases on GitHub
   */
  readonly mirror?: string;
  /**
   * Accept a mirror without TLS. The tarball is pinned by its SHA-256 in any case.
   * @default false
   */
  readonly allowInsecureMirror?: boolean;
}

/** What {@link EtcdDownloadProps} are made of. */
export const DOWNLOAD = shape<EtcdDownloadProps>({ mirror: lateText, allowInsecureMirror: flag });

/**
 * @throws ValidationError if the mirror is no URL, has no TLS while `allowInsecureMirror` is not set, or has a port that
 * a host does not reach
 */
export function resolveMirror(props: EtcdDownloadProps = {}, hosts: readonly IEtcdHost[]): string {
  const mirror = (props.mirror ?? RELEASES).replace(/\/+$/, "");
  requireHttpsUrl("download.mirror", mirror, {
    allowHttp: props.allowInsecureMirror,
    allowedBy: "allowInsecureMirror",
    example: RELEASES,
  });
  requireReachablePort("download.mirror", mirror, hosts);
  return mirror;
}

/** The pinned download of a version for a host's architecture. */
export function downloadFor(host: IEtcdHost, version: EtcdVersion, mirror: string): BootDownload {
  return {
    version: version.version,
    url: `${mirror}/v${version.version}/${version.tarball(host.architecture)}`,
    sha256: version.sha256(host.architecture),
  };
}
