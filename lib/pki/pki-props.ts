import { ValidationError } from "../validation-error";
import { requireInteger } from "../validation";
import { KeyAlgorithm } from "./key-algorithm";

/** How long certificates live and what their keys are. */
export interface PkiProps {
  /**
   * Algorithm of every key, authorities' and leaves'. A change reaches the leaves; authorities stay as they were made.
   * @default KeyAlgorithm.ECDSA_P256
   */
  readonly keyAlgorithm?: KeyAlgorithm;
  /**
   * Validity of the two authorities, in days, from when they are made; a later change does not reach them.
   * @default 3650 (ten years)
   */
  readonly caValidityDays?: number;
  /**
   * Validity of member and client certificates, in days; never beyond their authority's.
   * @default 365
   */
  readonly leafValidityDays?: number;
  /**
   * A deploy within this many days of a leaf's end renews it; etcd takes the new one without a restart.
   * @default 90, or a quarter of `leafValidityDays` where that is less
   */
  readonly earlyRenewalDays?: number;
}

/** The PKI settings with every default filled in. */
export interface ResolvedPki {
  readonly keyAlgorithm: KeyAlgorithm;
  readonly caValidityHours: number;
  readonly leafValidityHours: number;
  readonly earlyRenewalHours: number;
}

/** A century: longer is a typing error. */
const MAXIMUM_DAYS = 36500;

/** @throws ValidationError for a validity that is zero or out of range, or that outlives its authority */
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
  const renewalDays = props.earlyRenewalDays ?? Math.min(90, Math.floor(leafDays / 4));
  if (!Number.isInteger(renewalDays) || renewalDays < 0 || renewalDays >= leafDays) {
    throw new ValidationError({
      what: "pki.earlyRenewalDays",
      given: `${renewalDays} days`,
      expected: `a whole number of days, less than leafValidityDays (${leafDays})`,
      mend: "make it shorter: else every deploy would renew every certificate",
    });
  }
  return {
    keyAlgorithm: props.keyAlgorithm ?? KeyAlgorithm.ECDSA_P256,
    caValidityHours: caDays * 24,
    leafValidityHours: leafDays * 24,
    earlyRenewalHours: renewalDays * 24,
  };
}
