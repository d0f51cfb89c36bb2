import { CertRequest } from "@cdktf/provider-tls/lib/cert-request";
import { LocallySignedCert } from "@cdktf/provider-tls/lib/locally-signed-cert";
import { PrivateKey } from "@cdktf/provider-tls/lib/private-key";
import { Fn } from "cdktf";
import { Construct } from "constructs";
import { ClientCertificate } from "./client-certificate";
import { keyConfig } from "./key-algorithm";
import { Signer } from "./signer";

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
  /** The certificate, PEM; of a server with its authority's and its issuers', where that one has any. */
  public readonly certificatePem: string;
  /** The private key, PEM; sensitive. */
  public readonly privateKeyPem: string;
  /** When it expires, RFC 3339. */
  public readonly expiry: string;
  /** When it becomes valid, RFC 3339. */
  public readonly validFrom: string;

  public constructor(scope: Construct, id: string, authority: Signer, profile: LeafProfile) {
    super(scope, id);
    const pki = authority.pki;
    const key = new PrivateKey(this, "key", keyConfig(pki.keyAlgorithm));
    const request = new CertRequest(this, "request", {
      privateKeyPem: key.privateKeyPem,
      subject: [{ commonName: profile.commonName }],
      dnsNames: profile.dnsNames,
      ipAddresses: profile.ipAddresses,
    });
    const certificate = new LocallySignedCert(this, "certificate", {
      certRequestPem: request.certRequestPem,
      caPrivateKeyPem: authority.privateKeyPem,
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
    const { shownChainPem } = authority;
    this.certificatePem =
      profile.serverAuth && shownChainPem !== undefined
        ? Fn.join("", [certificate.certPem, shownChainPem])
        : certificate.certPem;
    this.privateKeyPem = key.privateKeyPem;
    this.expiry = certificate.validityEndTime;
    this.validFrom = certificate.validityStartTime;
  }
}
