import { readFileSync } from "node:fs";
import { type AuthorityFiles, Certificates } from "../templates/certificates";
import { scratchDirectory } from "../templates/render";

/** Certificate and key, PEM. */
export interface CertificatePem {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

/** Authorities of a company's: the root signed the division's, which signed the one for etcd. */
export interface Company {
  readonly root: CertificatePem;
  readonly division: CertificatePem;
  readonly etcd: CertificatePem;
  /** The division's for a machine, no authority's. */
  readonly leaf: CertificatePem;
}

/** Makes them, for the tests of a file. */
export function company(): Company {
  const made = new Certificates(scratchDirectory());
  const root = made.authority("root");
  const division = made.intermediate("division", root);
  const etcd = made.intermediate("etcd", division);
  const pem = ({ certificate, key }: AuthorityFiles): CertificatePem => ({
    certificatePem: readFileSync(certificate, "utf8"),
    privateKeyPem: readFileSync(key, "utf8"),
  });
  return { root: pem(root), division: pem(division), etcd: pem(etcd), leaf: pem(made.leaf(division)) };
}
