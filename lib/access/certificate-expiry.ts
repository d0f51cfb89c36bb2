import { IResolvable, Lazy } from "cdktf";
import { ClusterPki } from "../pki/cluster-pki";
import { ClientCertificate } from "../pki/client-certificate";
import { ClusterMember } from "./cluster-member";

/** When each certificate of a cluster ends, RFC 3339, as the output `<cluster>_certificate_expiry` holds it. */
export interface CertificateExpiry {
  /** Member -> "server", "peer" or "admin". */
  readonly members: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Client -> its certificate. */
  readonly clients: Readonly<Record<string, string>>;
  /** "client" or "peer" -> generation. */
  readonly authorities: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/**
 * The expiry of all certificates, known once they are made.
 *
 * @param clients client -> certificate, undefined for one that somebody else makes; including those that are added later
 */
export function certificateExpiry(
  pki: ClusterPki,
  members: readonly ClusterMember[],
  clients: Readonly<Record<string, ClientCertificate | undefined>>,
): IResolvable {
  return Lazy.anyValue({
    produce: (): CertificateExpiry => ({
      members: Object.fromEntries(
        members.map(({ host, certificates: { server, peer, admin } }) => [
          host.hostName,
          { server: server.expiry, peer: peer.expiry, admin: admin.expiry },
        ]),
      ),
      clients: clientExpiryNow(clients),
      authorities: { client: pki.clientAuthority.expiry, peer: pki.peerAuthority.expiry },
    }),
  });
}

/**
 * When clients' certificates end, by their names, RFC 3339.
 *
 * @param clients client -> certificate, undefined for one that somebody else makes; including those that are added later
 */
export function clientExpiry(clients: Readonly<Record<string, ClientCertificate | undefined>>): IResolvable {
  return Lazy.anyValue({ produce: () => clientExpiryNow(clients) });
}

function clientExpiryNow(clients: Readonly<Record<string, ClientCertificate | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(clients).flatMap(([name, certificate]) =>
      certificate === undefined ? [] : [[name, certificate.expiry]],
    ),
  );
}
