/** A client's certificate, and its key where that was made with it. */
export interface ClientCertificate {
  /** The certificate, PEM. */
  readonly certificatePem: string;
  /** The private key, PEM; sensitive. Undefined if the client keeps it to itself. */
  readonly privateKeyPem?: string;
  /** When it expires, RFC 3339. */
  readonly expiry: string;
}

/** How a client gets its certificate. */
export interface ClientCertificateProps {
  /** How often it was given another key. */
  readonly renew?: number;
  /** Its own request, PEM, which may be known only when Terraform runs. */
  readonly certificateRequestPem?: string;
}
