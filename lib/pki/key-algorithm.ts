/** What keys are made of. */
export enum KeyAlgorithm {
  /** ECDSA on the curve P-256: small, fast and what TLS stacks prefer. */
  ECDSA_P256 = "ECDSA_P256",
  /** RSA with 2048 bits, for clients that know nothing else. */
  RSA_2048 = "RSA_2048",
  /** RSA with 4096 bits: about eight times the handshake cost of 2048. */
  RSA_4096 = "RSA_4096",
}

/** The TLS provider's spelling of a key algorithm. */
export function keyConfig(algorithm: KeyAlgorithm): { algorithm: string; ecdsaCurve?: string; rsaBits?: number } {
  switch (algorithm) {
    case KeyAlgorithm.ECDSA_P256:
      return { algorithm: "ECDSA", ecdsaCurve: "P256" };
    case KeyAlgorithm.RSA_2048:
      return { algorithm: "RSA", rsaBits: 2048 };
    case KeyAlgorithm.RSA_4096:
      return { algorithm: "RSA", rsaBits: 4096 };
  }
}
