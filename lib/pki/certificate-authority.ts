import { PrivateKey } from "@cdktf/provider-tls/lib/private-key";
import { SelfSignedCert } from "@cdktf/provider-tls/lib/self-signed-cert";
import { Construct } from "constructs";
import { keyConfig } from "./key-algorithm";
import { ResolvedPki } from "./pki-props";

/** A self-signed authority whose key never leaves the Terraform state. */
export class CertificateAuthority extends Construct {
  /** The authority's certificate, PEM. */
  public readonly certificatePem: string;
  /** When it expires, RFC 3339. */
  public readonly expiry: string;
  /** @internal */
  public readonly _certificate: SelfSignedCert;
  /** @internal */
  public readonly _privateKeyPem: string;
  /** @internal */
  public readonly _pki: ResolvedPki;

  public constructor(scope: Construct, id: string, commonName: string, pki: ResolvedPki) {
    super(scope, id);
    // Terraform then forgets an authority that is not declared any more only after the last step of the rollout that does
    // without it. So a stage that a member refuses can be taken back: the key is still there.
    const createBeforeDestroy = true;
    // An authority stays what it was made as: a new one at once would part members that still trust only the old one. Once it has run
    // out, a deploy makes it anew with the same key and subject: whoever trusts the new certificate trusts what it signed before.
    const key = new PrivateKey(this, "key", {
      ...keyConfig(pki.keyAlgorithm),
      lifecycle: { ignoreChanges: ["algorithm", "ecdsa_curve", "rsa_bits"], createBeforeDestroy },
    });
    const certificate = new SelfSignedCert(this, "certificate", {
      privateKeyPem: key.privateKeyPem,
      subject: [{ commonName }],
      isCaCertificate: true,
      setSubjectKeyId: true,
      validityPeriodHours: pki.caValidityHours,
      allowedUses: ["cert_signing", "crl_signing", "digital_signature"],
      lifecycle: {
        ignoreChanges: ["subject", "validity_period_hours", "allowed_uses"],
        createBeforeDestroy,
      },
    });
    this._certificate = certificate;
    this.expiry = certificate.validityEndTime;
    this.certificatePem = certificate.certPem;
    this._privateKeyPem = key.privateKeyPem;
    this._pki = pki;
  }
}
