import { PrivateKey } from "@cdktf/provider-tls/lib/private-key";
import { Fn } from "cdktf";

/** An ED25519 key pair in the forms that OpenSSH reads. */
export interface OpensshKeyPair {
  /** OpenSSH PEM; sensitive. */
  readonly privateKey: string;
  /** `ssh-ed25519 AAAA...`, without a comment and without a line break. */
  readonly publicKey: string;
}

/** The OpenSSH forms of a TLS provider key. */
export function opensshKeyPair(key: PrivateKey): OpensshKeyPair {
  return {
    privateKey: key.privateKeyOpenssh,
    publicKey: Fn.trimspace(key.publicKeyOpenssh),
  };
}
