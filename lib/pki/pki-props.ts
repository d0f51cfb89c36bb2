import { ValidationError } from "../validation-error";
import {
  instance,
  lateText,
  list,
  number,
  oneOf,
  requireDistinct,
  requireDnsName,
  requireInteger,
  requireKnown,
  shape,
} from "../validation";
import { AuthorityGeneration } from "./authority-generation";
import { KeyAlgorithm } from "./key-algorithm";
import { OWN_AUTHORITY, OwnAuthorityProps, requireOwnAuthorities } from "./own-authority-props";
import { RevokedCertificate } from "./revoked-certificate";

/** How long certificates live, what they name, what their keys are, and who signs them. */
export interface PkiProps {
  /**
   * Algorithm of all keys. A change replaces the leaves' keys; an authority's generation keeps its own, and the next
   * one takes what is given then.
   * @default KeyAlgorithm.ECDSA_P256
   */
  readonly keyAlgorithm?: KeyAlgorithm;
  /**
   * Validity of the two authorities, in days, from when they are made; a later change does not reach them. Plans and
   * deploys warn of their end early enough to rotate them: the longest of `leafValidityDays`, three times
   * `earlyRenewalDays` and 30 days before it, but never in the first half of their life.
   * @default 3650 (ten years)
   */
  readonly caValidityDays?: number;
  /**
   * Validity of member and client certificates, in days; never beyond their authority's.
   * @default 365
   */
  readonly leafValidityDays?: number;
  /**
   * A deploy within this many days of a leaf's end renews it, at least 1; etcd takes the new one without a restart.
   * @default 90, or a quarter of `leafValidityDays` where that is less
   */
  readonly earlyRenewalDays?: number;
  /**
   * More DNS names in every member's server certificate, for clients that reach members by other names than those of the
   * machines, for example "etcd.example.com" or "*.etcd.example.com". A change renews these certificates, without a restart.
   * @default - the machine's name and localhost; its addresses are always in there
   */
  readonly serverNames?: string[];
  /**
   * Where the authority for port 2379 (servers and clients) stands in its rotation. Go through its stages in order, one deploy
   * each: see AuthorityGeneration.
   * @default AuthorityGeneration.of(1)
   */
  readonly clientAuthority?: AuthorityGeneration;
  /**
   * Generations of the client authority that were made elsewhere, such as an intermediate authority of your company's. A running cluster
   * comes to one by the stages of a rotation. With `authorization` only: whatever certificate such an authority signs, for whomever, is
   * let in, and may do what is written for its common name; one that names `root` may do everything.
   * @default - none: deploys make all of them
   */
  readonly ownClientAuthorities?: OwnAuthorityProps[];
  /**
   * Where the authority for peers stands in its rotation, independent of the other one's.
   * @default AuthorityGeneration.of(1)
   */
  readonly peerAuthority?: AuthorityGeneration;
  /**
   * Certificates of clients that members refuse from the deploy on that names them, which ends their open connections, too. Give an
   * empty list from the start: members restart, one after the other, for the first list, and for no later change of it.
   * @default - none, and no list: members accept whatever the authority has signed
   */
  readonly revoked?: RevokedCertificate[];
  /**
   * The same for certificates of peers: those of machines that are gone, or in other hands. One that a member uses is refused.
   * @default - none, and no list
   */
  readonly revokedPeers?: RevokedCertificate[];
}

/** What {@link PkiProps} are made of. */
export const PKI = shape<PkiProps>({
  keyAlgorithm: oneOf(KeyAlgorithm, "KeyAlgorithm"),
  caValidityDays: number,
  leafValidityDays: number,
  earlyRenewalDays: number,
  serverNames: list(lateText),
  clientAuthority: instance(AuthorityGeneration, "AuthorityGeneration.of(1)"),
  ownClientAuthorities: list(OWN_AUTHORITY),
  peerAuthority: instance(AuthorityGeneration, "AuthorityGeneration.of(1)"),
  revoked: list(instance(RevokedCertificate, 'RevokedCertificate.bySerial("0x3FA9")')),
  revokedPeers: list(instance(RevokedCertificate, 'RevokedCertificate.bySerial("0x3FA9")')),
});

/** The PKI settings with every default filled in. */
export interface ResolvedPki {
  readonly keyAlgorithm: KeyAlgorithm;
  readonly caValidityHours: number;
  readonly leafValidityHours: number;
  readonly earlyRenewalHours: number;
  /** How long before an authority's end the warning to rotate it begins. */
  readonly authorityWarningHours: number;
  readonly serverNames: readonly string[];
  readonly clientAuthority: AuthorityGeneration;
  readonly ownClientAuthorities: readonly OwnAuthorityProps[];
  readonly peerAuthority: AuthorityGeneration;
  /** Undefined where there is no list, as opposed to an empty one. */
  readonly revoked?: readonly RevokedCertificate[];
  readonly revokedPeers?: readonly RevokedCertificate[];
}

/** A century: longer is a typing error. */
const MAXIMUM_DAYS = 36500;

/** An authority is rotated by three edits, and clients get new files after the first two: people need a month for that. */
const LEAST_WARNING_DAYS = 30;

/** Deploys of a rotation. */
const STAGES = 3;

/** Always in a server certificate. */
const LOCALHOST = "localhost";

/**
 * @throws ValidationError for a validity that is zero or out of range, or that outlives its authority; for a renewal
 * that comes too late, or with every deploy; for a server name that is no DNS name, or is given twice; for a certificate that is
 * revoked twice; for an authority of one's own that can't sign
 */
export function resolvePki(props: PkiProps = {}): ResolvedPki {
  const caDays = props.caValidityDays ?? 3650;
  const leafDays = props.leafValidityDays ?? Math.min(365, caDays);
  requireInteger("pki.caValidityDays", caDays, 1, MAXIMUM_DAYS, "days");
  requireInteger("pki.leafValidityDays", leafDays, 1, MAXIMUM_DAYS, "days");
  if (leafDays > caDays) {
    throw new ValidationError({
      what: "pki.leafValidityDays",
      given: `${leafDays} days`,
      expected: `at most the authority's ${caDays} days (caValidityDays)`,
      mend: "shorten the leaves or lengthen the authority: a certificate is worth nothing once its authority has expired",
    });
  }
  const leafHours = leafDays * 24;
  if (props.earlyRenewalDays !== undefined) requireRenewal(props.earlyRenewalDays, leafDays);
  const earlyRenewalHours =
    props.earlyRenewalDays === undefined ? Math.min(90 * 24, leafHours / 4) : props.earlyRenewalDays * 24;
  const serverNames = props.serverNames ?? [];
  for (const name of serverNames) requireDnsName("pki.serverNames", name);
  requireDistinct("pki.serverNames", [LOCALHOST, ...serverNames], "name each only once; localhost is always in there");
  const { revoked, revokedPeers } = props;
  requireRevokedOnce("pki.revoked", revoked);
  requireRevokedOnce("pki.revokedPeers", revokedPeers);
  const { clientAuthority = AuthorityGeneration.of(1), ownClientAuthorities = [] } = props;
  requireOwnAuthorities(ownClientAuthorities, clientAuthority);
  return {
    serverNames,
    revoked,
    revokedPeers,
    clientAuthority,
    ownClientAuthorities,
    peerAuthority: props.peerAuthority ?? AuthorityGeneration.of(1),
    keyAlgorithm: props.keyAlgorithm ?? KeyAlgorithm.ECDSA_P256,
    caValidityHours: caDays * 24,
    leafValidityHours: leafHours,
    earlyRenewalHours,
    authorityWarningHours: authorityWarning(caDays * 24, leafHours, earlyRenewalHours),
  };
}

/**
 * Early enough for a rotation: before a leaf is signed that outlives its authority, and with time for the three deploys
 * of a rotation if there is one per renewal window, as leaves need. At most half of the authority's life, so that a
 * short-lived one is not reported from the start.
 */
function authorityWarning(caHours: number, leafHours: number, earlyRenewalHours: number): number {
  return Math.min(Math.max(leafHours, STAGES * earlyRenewalHours, LEAST_WARNING_DAYS * 24), caHours / 2);
}

function requireRevokedOnce(what: string, revoked: readonly RevokedCertificate[] = []): void {
  const lines = revoked.map(({ _line }) => _line);
  requireDistinct(what, lines, "name each certificate once; its serial number and its PEM are the same");
}

function requireRenewal(days: number, leafDays: number): void {
  requireKnown("pki.earlyRenewalDays", days);
  if (Number.isInteger(days) && days >= 1 && days < leafDays) return;
  throw new ValidationError({
    what: "pki.earlyRenewalDays",
    given: `${days} days`,
    expected: `a whole number of days from 1 on, less than leafValidityDays (${leafDays})`,
    mend:
      days < leafDays
        ? "make it longer, or leave it out: else certificates would be renewed only once they have expired"
        : "make it shorter, or leave it out: else every deploy would renew every certificate",
  });
}
