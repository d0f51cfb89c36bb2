import { Fn } from "cdktf";
import { Construct } from "constructs";
import { AuthorityEndCheck } from "./authority-end-check";
import { AuthorityGeneration } from "./authority-generation";
import { CertificateAuthority } from "./certificate-authority";
import { ResolvedPki } from "./pki-props";

/** One of the cluster's authorities: the generations of it that are trusted, and the one that signs. */
export class Authority {
  /** Signs the leaves. */
  public readonly signer: CertificateAuthority;
  /**
   * Certificates of all trusted generations, PEM, oldest first: so it stays the same, and nothing restarts, when
   * another generation begins to sign.
   */
  public readonly trustPem: string;
  /** Generation -> when it expires, RFC 3339; of those that are trusted. */
  public readonly expiry: Record<string, string>;

  /** @param name "client" or "peer" */
  public constructor(
    scope: Construct,
    name: string,
    clusterName: string,
    stage: AuthorityGeneration,
    pki: ResolvedPki,
  ) {
    const trusted = stage.trusted.map((generation) => {
      // The first generation has no number, so that ids and names in existing clusters stay as they are.
      const [id, title] =
        generation === 1
          ? [`${name}-ca`, `${clusterName} ${name} authority`]
          : [`${name}-ca-${generation}`, `${clusterName} ${name} authority ${generation}`];
      const authority = new CertificateAuthority(scope, id, title, pki);
      new AuthorityEndCheck(authority, "end", {
        name,
        clusterName,
        generation,
        certificate: authority._certificate,
        warningHours: pki.authorityWarningHours,
      });
      return { generation, authority };
    });
    const certificates = trusted.map(({ authority }) => authority.certificatePem);
    this.trustPem = certificates.length === 1 ? certificates[0] : Fn.join("", certificates);
    this.expiry = Object.fromEntries(
      trusted.map(({ generation, authority }) => [String(generation), authority.expiry]),
    );
    this.signer = trusted.filter(({ generation }) => generation === stage.signer)[0].authority;
  }
}
