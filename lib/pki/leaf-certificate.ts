import { CertRequest } from "@cdktf/provider-tls/lib/cert-request";
import { LocallySignedCert } from "@cdktf/provider-tls/lib/locally-signed-cert";
import { PrivateKey } from "@cdktf/provider-tls/lib/private-key";
import { Construct } from "constructs";
import { CertificateAuthority } from "./certificate-authority";
import { ClientCertificate } from "./client-certificate";
import { keyConfig } from "./key-algorithm";

/** What a leaf certificate may be used for, and whom it names. */
export interface LeafProfile {
  /** Common name: etcd takes a client's user name from it. */
  readonly commonName: string;
  readonly dnsNames?: string[];
  readonly ipAddresses?: string[];
  readonly serverAuth: boolean;
  readonly clientAuth: boolean;
}

/** A key and a certificate for it, signed by one of the cluster's authorities. */
export class LeafCertificate extends Construct implements ClientCertificate {
  /** The certificate, PEM. */
  public readonly certificatePem: string;
  /** The private key, PEM; sensitive. */
  public readonly privateKeyPem: string;
  /** When it expires, RFC 3339. */
  public readonly expiry: string;
  /** When it becomes valid, RFC 3339. */
  public readonly validFrom: string;

  public constructor(scope: Construct, id: string, authority: CertificateAuthority, profile: LeafProfile) {
    super(scope, id);
    const pki = authority._pki;
    const key = new PrivateKey(this, "key", keyConfig(pki.keyAlgorithm));
    const request = new CertRequest(this, "request", {
      privateKeyPem: key.privateKeyPem,
      subject: [{ commonName: profile.commonName }],
      dnsNames: profile.dnsNames,
      ipAddresses: profile.ipAddresses,
    });
    const certificate = new LocallySignedCert(this, "certificate", {
      certRequestPem: request.certRequestPem,
      caPrivateKeyPem: authority._privateKeyPem,
      caCertPem: authority.certificatePem,
      validityPeriodHours: pki.leafValidityHours,
      earlyRenewalHours: pki.earlyRenewalHours,
      setSubjectKeyId: true,
      allowedUses: [
        "digital_signature",
        "key_encipherment",
        ...(profile.serverAuth ? ["server_auth"] : []),
        ...(profile.clientAuth ? ["client_auth"] : []),
      ],
    });
    this.certificatePem = certificate.certPem;
    this.privateKeyPem = key.privateKeyPem;
    this.expiry = certificate.validityEndTime;
    this.validFrom = certificate.validityStartTime;
  }
}
