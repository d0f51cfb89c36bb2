import { ResolvedPki } from "./pki-props";

/** An authority as those see it whose certificates it signs. */
export interface Signer {
  /** Its certificate, PEM. */
  readonly certificatePem: string;
  /** Its private key, PEM; sensitive. */
  readonly privateKeyPem: string;
  /**
   * What a server shows beside its own certificate, so that who trusts the authority's issuer alone can follow; PEM. Undefined if it
   * has no issuer.
   */
  readonly shownChainPem?: string;
  /** Certificates of its issuers for clients to trust, PEM; undefined if there are none, or none were given. */
  readonly chainPem?: string;
  /** When it expires, RFC 3339. */
  readonly expiry: string;
  readonly pki: ResolvedPki;
}
