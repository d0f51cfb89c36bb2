import { CLIENT_PERMISSION_READERS, EtcdClientPermissionProps } from "../authorization/client-permission-props";
import { flag, isLate, lateText, number, requireInteger, requireKnown, shape, shown } from "../validation";
import { ValidationError } from "../validation-error";
import { ResolvedPki } from "../pki/pki-props";
import { CLIENT_ACCESS_READERS, EtcdClientAccessProps } from "./client-access";

/** Where a client connects from, how it gets its certificate and, in a cluster with authorization, what it may do. */
export interface EtcdClientProps extends EtcdClientAccessProps, EtcdClientPermissionProps {
  /**
   * How often the client was given another key: count it up, and the next deploy makes a new key and certificate for it, and for
   * nobody else. The one before is accepted until it expires, or until it is on the list `pki.revoked`.
   * @default 0
   */
  readonly renew?: number;
  /**
   * A certificate request of the client's own, PEM: its key stays where it was made, and is in no state, file or output of a deploy.
   * Its subject must be the client's name as common name and nothing else (`openssl req -new -key client.key -subj /CN=app`): it is
   * not signed otherwise. With names or addresses in it (SANs) etcd lets the client in from those alone. For another key, give
   * another request.
   * @default - a deploy makes the key
   */
  readonly certificateRequestPem?: string;
  /**
   * Whether one of the authorities in `pki.ownClientAuthorities` gives the client its certificate, with the client's name as common
   * name. Deploys then make none; `etcd.env` says where it has to lie.
   * @default false
   */
  readonly ownCertificate?: boolean;
}

/** What {@link EtcdClientProps} are made of. */
export const CLIENT = shape<EtcdClientProps>({
  ...CLIENT_ACCESS_READERS,
  ...CLIENT_PERMISSION_READERS,
  renew: number,
  certificateRequestPem: lateText,
  ownCertificate: flag,
});

/** Keys are renewed rarely: a larger number is taken for a typing error. */
const MOST_RENEWALS = 1000;

/**
 * @param what whose they are, for messages: `addClient("app")`
 * @throws ValidationError if the count of renewals is no whole number from 0 on, or is given beside a request; if the request is none; if
 * nobody else could give the client a certificate of its own
 */
export function requireClientCertificate(what: string, props: EtcdClientProps, pki: ResolvedPki): void {
  const { renew = 0, certificateRequestPem, ownCertificate = false } = props;
  if (ownCertificate) requireOwnCertificate(what, props, pki);
  requireKnown(`${what}.renew`, renew);
  requireInteger(`${what}.renew`, renew, 0, MOST_RENEWALS, "");
  if (certificateRequestPem === undefined) return;
  if (renew > 0) {
    throw new ValidationError({
      what: `${what}.renew`,
      given: `${renew}, along with certificateRequestPem`,
      expected: "one of the two: the key is where the request was made",
      mend: "leave renew out, and give a request for the new key",
    });
  }
  if (isLate(certificateRequestPem) || /^-----BEGIN CERTIFICATE REQUEST-----$/m.test(certificateRequestPem)) return;
  throw new ValidationError({
    what: `${what}.certificateRequestPem`,
    given: shown(certificateRequestPem),
    expected: "a certificate request in PEM",
    mend: "give the text that openssl req -new writes, from -----BEGIN CERTIFICATE REQUEST----- on",
  });
}

function requireOwnCertificate(
  what: string,
  { renew, certificateRequestPem }: EtcdClientProps,
  pki: ResolvedPki,
): void {
  const beside = Object.entries({ renew, certificateRequestPem }).filter(([, value]) => value !== undefined);
  if (beside.length > 0) {
    throw new ValidationError({
      what: `${what}.ownCertificate`,
      given: `true, along with ${beside[0][0]}`,
      expected: "one of the two: either a deploy signs its certificate, or somebody else does",
      mend: `leave ${beside[0][0]} out`,
    });
  }
  if (pki.ownClientAuthorities.length > 0) return;
  throw new ValidationError({
    what: `${what}.ownCertificate`,
    given: "true, in a cluster all of whose authorities are made by deploys",
    expected: "an authority in pki.ownClientAuthorities, which signs it",
    mend: "leave it out, and a deploy makes the certificate; or give certificateRequestPem, and the key stays with the client",
  });
}
