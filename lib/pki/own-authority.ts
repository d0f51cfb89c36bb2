import { DataTlsCertificate } from "@cdktf/provider-tls/lib/data-tls-certificate";
import { X509Certificate } from "node:crypto";
import { Fn } from "cdktf";
import { Construct } from "constructs";
import { literal } from "../terraform/literal";
import { isLate } from "../validation";
import { OwnAuthorityProps } from "./own-authority-props";
import { ResolvedPki } from "./pki-props";
import { Signer } from "./signer";

/** An authority that was made elsewhere. Terraform reads when its certificate ends. */
export class OwnAuthority extends Construct implements Signer {
  public readonly certificatePem: string;
  public readonly privateKeyPem: string;
  public readonly shownChainPem?: string;
  public readonly chainPem?: string;
  public readonly expiry: string;

  public constructor(
    scope: Construct,
    id: string,
    { generation, certificatePem, privateKeyPem, chainPem }: OwnAuthorityProps,
    public readonly pki: ResolvedPki,
  ) {
    super(scope, id);
    this.certificatePem = certificates(certificatePem);
    this.privateKeyPem = literal(privateKeyPem);
    if (chainPem !== undefined) this.chainPem = certificates(chainPem);
    if (hasIssuer(certificatePem)) this.shownChainPem = Fn.join("", [this.certificatePem, this.chainPem ?? ""]);
    const read = new DataTlsCertificate(this, "read", {
      content: this.certificatePem,
      lifecycle: {
        postcondition: [
          {
            condition: "${length(self.certificates) == 1 && self.certificates[0].is_ca}",
            errorMessage:
              `The certificatePem of the client authority's generation ${generation}, in pki.ownClientAuthorities, has to be one certificate, ` +
              "of an authority (CA:TRUE). Give those of its issuers as chainPem",
          },
        ],
      },
    });
    this.expiry = read.certificates.get(0).notAfter;
  }
}

/**
 * Certificates with a line break at their end, as others come after them. They are no secret, wherever their text comes from; a step
 * whose script is marked sensitive would print nothing.
 */
function certificates(pem: string): string {
  if (!isLate(pem)) return literal(`${pem.trim()}\n`);
  return Fn.join("", [Fn.trimspace(Fn.nonsensitive(Fn.sensitive(pem)) as string), "\n"]);
}

/** Whether it did not sign itself, as far as that is known. */
function hasIssuer(certificatePem: string): boolean {
  if (isLate(certificatePem)) return true;
  const certificate = new X509Certificate(certificatePem);
  return certificate.subject !== certificate.issuer;
}
