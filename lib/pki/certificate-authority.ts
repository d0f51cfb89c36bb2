import { PrivateKey } from "@cdktf/provider-tls/lib/private-key";
import { SelfSignedCert } from "@cdktf/provider-tls/lib/self-signed-cert";
import { Construct } from "constructs";
import { keyConfig } from "./key-algorithm";
import { ResolvedPki } from "./pki-props";
import { Signer } from "./signer";

/** A self-signed authority whose key never leaves the Terraform state. */
export class CertificateAuthority extends Construct implements Signer {
  public readonly certificatePem: string;
  public readonly privateKeyPem: string;
  public readonly expiry: string;

  public constructor(
    scope: Construct,
    id: string,
    commonName: string,
    public readonly pki: ResolvedPki,
  ) {
    super(scope, id);
    // With this, Terraform deletes an authority that is no longer declared only after the last step of the rollout that
    // drops it. If a member refuses that stage, it can be taken back: the key still exists.
    const createBeforeDestroy = true;
    // Changed settings do not replace an authority: members that trust only the old one would refuse those of the new
    // one. An expired one is renewed with the same key and subject, so that the new certificate verifies what was
    // signed before.
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
    this.expiry = certificate.validityEndTime;
    this.certificatePem = certificate.certPem;
    this.privateKeyPem = key.privateKeyPem;
  }
}
