import { createPrivateKey, KeyObject, X509Certificate } from "node:crypto";
import { isLate, number, required, requireDistinct, requireInteger, secret, shape } from "../validation";
import { ValidationError } from "../validation-error";
import { AuthorityGeneration, MOST_GENERATIONS } from "./authority-generation";

/**
 * An authority that was made elsewhere, such as an intermediate one of your company's, in the place of one that a deploy would make.
 * Members trust it alone, and none of its issuers.
 */
export interface OwnAuthorityProps {
  /** Which generation of the client authority it is; see {@link AuthorityGeneration}. */
  readonly generation: number;
  /** Its certificate, PEM: one, of an authority. A renewed one with the same key and subject may take its place. */
  readonly certificatePem: string;
  /**
   * Its private key, PEM, not encrypted: RSA, ECDSA or Ed25519; best a TerraformVariable marked sensitive. It signs members' server
   * certificates and clients', and lies in the state.
   */
  readonly privateKeyPem: string;
  /**
   * Certificates of its issuers, PEM, its own issuer's first. Clients get them in `ca.crt`: programs that use OpenSSL mostly insist on
   * an issuer that signed itself. These clients then take whatever the issuers have signed for a member as well.
   * @default - none: clients trust the authority alone, as members do
   */
  readonly chainPem?: string;
}

/** What {@link OwnAuthorityProps} are made of. */
export const OWN_AUTHORITY = shape<OwnAuthorityProps>({
  generation: required(number),
  // A key may have been given by mistake.
  certificatePem: required(secret),
  privateKeyPem: required(secret),
  chainPem: secret,
});

/** Of those that the TLS provider signs with. */
const KEY_TYPES = ["rsa", "ec", "ed25519"];

/**
 * @param stage where the client authority stands
 * @throws ValidationError if a generation is given twice or is not trusted; for a certificate that is none or no authority's, a key that is
 * not that certificate's, or issuers in another order than they signed. What only Terraform knows is checked by it.
 */
export function requireOwnAuthorities(own: readonly OwnAuthorityProps[], stage: AuthorityGeneration): void {
  const generations = own.map(({ generation }) => generation);
  requireDistinct("generations in pki.ownClientAuthorities", generations.map(String), "give each generation once");
  own.forEach((authority, index) => {
    const what = `pki.ownClientAuthorities[${index}]`;
    requireInteger(`${what}.generation`, authority.generation, 1, MOST_GENERATIONS, "");
    if (!stage.trusted.includes(authority.generation)) {
      throw new ValidationError({
        what: `${what}.generation`,
        given: String(authority.generation),
        expected: `a generation that pki.clientAuthority trusts: ${stage.trusted.join(" or ")}`,
        mend: "take it out, or introduce it: AuthorityGeneration.introducing(n), then .signing(n), then .of(n), one deploy each",
      });
    }
    requireAuthority(what, authority);
  });
}

/** @throws ValidationError if everybody might do everything whom somebody else's authority has signed a certificate for */
export function requireDeclaredNames(own: readonly OwnAuthorityProps[] = [], authorization = false): void {
  if (own.length === 0 || authorization) return;
  throw new ValidationError({
    what: "pki.ownClientAuthorities",
    given: "without authorization",
    expected:
      "authorization: true along with it: else every certificate that the authority signs, for whomever, may do everything",
    mend: "declare what each client may do, deploy that, and bring the authority in afterwards; see docs/permissions.md",
  });
}

function requireAuthority(what: string, { certificatePem, privateKeyPem, chainPem }: OwnAuthorityProps): void {
  const issuers = chainPem === undefined ? [] : certificatesOf(`${what}.chainPem`, chainPem);
  const [authority, more] = certificatesOf(`${what}.certificatePem`, certificatePem);
  if (more !== undefined) {
    throw new ValidationError({
      what: `${what}.certificatePem`,
      given: "several certificates",
      expected: "the authority's own",
      mend: "give those of its issuers as chainPem",
    });
  }
  [authority, ...issuers].forEach((certificate, index, chain) => {
    const name = index === 0 ? `${what}.certificatePem` : `${what}.chainPem`;
    if (certificate === undefined) return;
    if (!certificate.ca) {
      throw new ValidationError({
        what: name,
        given: `${certificate.subject}, which is no authority`,
        expected: "the certificate of an authority (CA:TRUE)",
        mend: "give the certificate of the authority that is to sign, not one that it has signed",
      });
    }
    const issuer = chain.at(index + 1);
    if (issuer === undefined || (certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey))) return;
    throw new ValidationError({
      what: `${what}.chainPem`,
      given: `${issuer.subject} after ${certificate.subject}`,
      expected: `the issuer of ${certificate.subject}, which is ${certificate.issuer}`,
      mend: "give the issuers in their order, the authority's own issuer first",
    });
  });
  if (isLate(privateKeyPem)) return;
  const key = keyIn(`${what}.privateKeyPem`, privateKeyPem);
  if (authority === undefined || authority.checkPrivateKey(key)) return;
  throw new ValidationError({
    what: `${what}.privateKeyPem`,
    given: "another certificate's key",
    expected: `the key of ${authority.subject}`,
    mend: "give certificate and key of one authority: openssl x509 -noout -pubkey and openssl pkey -pubout print the same for both",
  });
}

/** The certificates in a text; none if only Terraform knows it. */
function certificatesOf(what: string, pem: string): (X509Certificate | undefined)[] {
  if (isLate(pem)) return [];
  const blocks = pem.match(/-----BEGIN ([^-]+)-----[\s\S]*?-----END \1-----/g) ?? [];
  try {
    if (blocks.length > 0) return blocks.map((block) => new X509Certificate(block));
  } catch {
    // Told below.
  }
  throw new ValidationError({
    what,
    // The text itself is not shown: it may be a key.
    given: pem.includes("PRIVATE KEY-----") ? "a private key" : "something else",
    expected: "certificates in PEM, and nothing else",
    mend: "give the text of the file, for example by readFileSync(file, 'utf8')",
  });
}

function keyIn(what: string, pem: string): KeyObject {
  let given = "something else";
  try {
    const key = createPrivateKey(pem);
    if (KEY_TYPES.includes(String(key.asymmetricKeyType))) return key;
    given = `a key of the type ${key.asymmetricKeyType}`;
  } catch {
    if (pem.includes("ENCRYPTED")) given = "an encrypted key";
  }
  throw new ValidationError({
    what,
    given,
    expected: "a private key in PEM that is not encrypted: RSA, ECDSA or Ed25519",
    mend: "decrypt it by openssl pkey -in ca.key, and give it as a TerraformVariable marked sensitive, so that it stands in no code",
  });
}
