import { DataTlsCertificate } from "@cdktf/provider-tls/lib/data-tls-certificate";
import { LocallySignedCert } from "@cdktf/provider-tls/lib/locally-signed-cert";
import { PrivateKey } from "@cdktf/provider-tls/lib/private-key";
import { SelfSignedCert } from "@cdktf/provider-tls/lib/self-signed-cert";
import { Op } from "cdktf";
import { Construct } from "constructs";
import { literal } from "../terraform/literal";
import { ClientCertificate } from "./client-certificate";
import { keyConfig } from "./key-algorithm";
import { Signer } from "./signer";

/**
 * A client's certificate for a key that it keeps to itself, by its own request.
 *
 * The TLS provider signs whatever subject a request has, and to etcd the common name is the user. Terraform reads certificates, but
 * no requests: so an authority that nobody trusts signs the request first, and the real one only if that names the client.
 */
export class RequestedCertificate extends Construct implements ClientCertificate {
  public readonly certificatePem: string;
  public readonly expiry: string;

  /** @param commonName whom the request has to name, and no more of a subject */
  public constructor(scope: Construct, id: string, authority: Signer, commonName: string, request: string) {
    super(scope, id);
    const pki = authority.pki;
    const certRequestPem = literal(request);
    const key = new PrivateKey(this, "nobody-key", keyConfig(pki.keyAlgorithm));
    const nobody = new SelfSignedCert(this, "nobody", {
      privateKeyPem: key.privateKeyPem,
      subject: [{ commonName: "nobody" }],
      isCaCertificate: true,
      validityPeriodHours: pki.caValidityHours,
      allowedUses: ["cert_signing"],
    });
    const trial = new LocallySignedCert(this, "trial", {
      certRequestPem,
      caPrivateKeyPem: key.privateKeyPem,
      caCertPem: nobody.certPem,
      validityPeriodHours: pki.caValidityHours,
      allowedUses: [],
    });
    const read = new DataTlsCertificate(this, "read", { content: trial.certPem });
    const { subject } = read.certificates.get(0);
    const certificate = new LocallySignedCert(this, "certificate", {
      certRequestPem,
      caPrivateKeyPem: authority.privateKeyPem,
      caCertPem: authority.certificatePem,
      validityPeriodHours: pki.leafValidityHours,
      earlyRenewalHours: pki.earlyRenewalHours,
      setSubjectKeyId: true,
      allowedUses: ["digital_signature", "key_encipherment", "client_auth"],
      lifecycle: {
        precondition: [
          {
            condition: Op.eq(subject, `CN=${commonName}`),
            errorMessage:
              `The certificate request of the client ${commonName} names ${subject}, and to etcd the common name is the user. ` +
              `It was not signed. Make one with the subject CN=${commonName} and nothing else: openssl req -new -key client.key -subj /CN=${commonName}`,
          },
        ],
      },
    });
    this.certificatePem = certificate.certPem;
    this.expiry = certificate.validityEndTime;
  }
}
