import { PrivateKey } from "@cdktf/provider-tls/lib/private-key";
import { SelfSignedCert } from "@cdktf/provider-tls/lib/self-signed-cert";
import { Construct } from "constructs";
import { keyConfig } from "./key-algorithm";
import { ResolvedPki } from "./pki-props";

/** A self-signed authority whose key never leaves the Terraform state. */
export class CertificateAuthority extends Construct {
  /** The authority's certificate, PEM. */
  public readonly certificatePem: string;
  /** @internal */
  public readonly _privateKeyPem: string;
  /** @internal */
  public readonly _pki: ResolvedPki;

  public constructor(scope: Construct, id: string, commonName: string, pki: ResolvedPki) {
    super(scope, id);
    // An authority stays what it was made as: a new one at once would part members that still trust only the old one.
    const key = new PrivateKey(this, "key", {
      ...keyConfig(pki.keyAlgorithm),
      lifecycle: { ignoreChanges: ["algorithm", "ecdsa_curve", "rsa_bits"] },
    });
    const certificate = new SelfSignedCert(this, "certificate", {
      privateKeyPem: key.privateKeyPem,
      subject: [{ commonName }],
      isCaCertificate: true,
      setSubjectKeyId: true,
      validityPeriodHours: pki.caValidityHours,
      allowedUses: ["cert_signing", "crl_signing", "digital_signature"],
      lifecycle: { ignoreChanges: ["subject", "validity_period_hours", "allowed_uses"] },
    });
    this.certificatePem = certificate.certPem;
    this._privateKeyPem = key.privateKeyPem;
    this._pki = pki;
  }
}
