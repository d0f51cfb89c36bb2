import { Fn } from "cdktf";
import { Construct } from "constructs";
import { AuthorityEndCheck } from "./authority-end-check";
import { AuthorityGeneration } from "./authority-generation";
import { CertificateAuthority } from "./certificate-authority";
import { OwnAuthority } from "./own-authority";
import { OwnAuthorityProps } from "./own-authority-props";
import { ResolvedPki } from "./pki-props";
import { Signer } from "./signer";

/** One of the cluster's authorities: the generations of it that are trusted, and the one that signs. */
export class Authority {
  /** Signs the leaves. */
  public readonly signer: Signer;
  /**
   * What members trust: certificates of all trusted generations, PEM, oldest first. So it stays the same, and nothing restarts, when
   * another generation begins to sign.
   */
  public readonly trustPem: string;
  /** What clients trust, PEM: the same, and the issuers of one's own authorities, where these were given. */
  public readonly clientTrustPem: string;
  /** Generation -> when it expires, RFC 3339; of those that are trusted. */
  public readonly expiry: Record<string, string>;

  /**
   * @param name "client" or "peer"
   * @param own generations that were made elsewhere
   */
  public constructor(
    scope: Construct,
    name: string,
    clusterName: string,
    stage: AuthorityGeneration,
    pki: ResolvedPki,
    own: readonly OwnAuthorityProps[] = [],
  ) {
    const trusted = stage.trusted.map((generation) => {
      // The first generation has no number, so that ids and names in existing clusters stay as they are.
      const [id, title] =
        generation === 1
          ? [`${name}-ca`, `${clusterName} ${name} authority`]
          : [`${name}-ca-${generation}`, `${clusterName} ${name} authority ${generation}`];
      const given = own.find((one) => one.generation === generation);
      const authority: Construct & Signer =
        given === undefined ? new CertificateAuthority(scope, id, title, pki) : new OwnAuthority(scope, id, given, pki);
      new AuthorityEndCheck(authority, "end", {
        name,
        clusterName,
        generation,
        expiry: authority.expiry,
        warningHours: pki.authorityWarningHours,
      });
      return { generation, authority };
    });
    this.trustPem = joined(trusted.map(({ authority }) => authority.certificatePem));
    const chains = trusted.flatMap(({ authority }) => authority.chainPem ?? []);
    this.clientTrustPem = chains.length === 0 ? this.trustPem : joined([this.trustPem, ...chains]);
    this.expiry = Object.fromEntries(
      trusted.map(({ generation, authority }) => [String(generation), authority.expiry]),
    );
    this.signer = trusted.filter(({ generation }) => generation === stage.signer)[0].authority;
  }
}

function joined(certificates: readonly string[]): string {
  return certificates.length === 1 ? certificates[0] : Fn.join("", [...certificates]);
}
