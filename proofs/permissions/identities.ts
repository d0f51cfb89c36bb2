import * as path from "node:path";
import { writeAtomically } from "terraform-lab";
import { type CertificateFiles, ThrowAwayAuthority } from "../etcd/throw-away-authority";
import type { LabHarness } from "../harness";

/** Somebody who may come to a member's port for clients. */
export interface Identity {
  /** Head of its column in the table. */
  readonly title: string;
  /** The name in its certificate, and its user's, where it has one. */
  readonly name: string;
  /** Its certificate and key; none at all where they are missing. */
  readonly files?: Pick<CertificateFiles, "cert" | "key">;
}

/** Days that a certificate made here is valid. */
const DAYS = 1;
const FOR_CLIENTS = ["extendedKeyUsage=clientAuth"];

/**
 * Everybody, from who has nothing to who may do everything: with the files that the deploy wrote, those that only machines have, and
 * those that the library would not issue, made with the authority's key out of the state.
 *
 * @param clients those that were deployed, title by name, in the order of their columns
 */
export async function everybody(
  harness: LabHarness,
  directory: string,
  clients: Readonly<Record<string, string>>,
): Promise<Identity[]> {
  const authority = await clientAuthority(harness, path.join(directory, "own"));
  const foreign = await ThrowAwayAuthority.create(path.join(directory, "foreign"), "etcd client authority", DAYS);
  const stated = (name: string, kind: string): Pick<CertificateFiles, "cert" | "key"> => {
    const resource = `${name}_${kind}_`;
    const files = { cert: path.join(directory, `${kind}.crt`), key: path.join(directory, `${kind}.key`) };
    writeAtomically(files.cert, harness.attributes("tls_locally_signed_cert", resource).cert_pem ?? "");
    writeAtomically(files.key, harness.attributes("tls_private_key", resource).private_key_pem ?? "");
    return files;
  };
  return [
    { title: "no certificate", name: "" },
    { title: "foreign authority's", name: "operator", files: await foreign.issue("operator", DAYS, FOR_CLIENTS) },
    { title: "peer's", name: MEMBER, files: stated(MEMBER, "peer") },
    { title: "server's", name: MEMBER, files: stated(MEMBER, "server") },
    { title: "no name", name: "", files: await authority.issue("nameless", DAYS, FOR_CLIENTS, "/") },
    { title: "no user", name: "unknown", files: await authority.issue("unknown", DAYS, FOR_CLIENTS) },
    { title: "no role", name: NO_ROLE, files: await authority.issue(NO_ROLE, DAYS, FOR_CLIENTS) },
    ...Object.entries(clients).map(([name, title]) => ({ title, name, files: filesOf(harness, name) })),
    { title: "root", name: "root", files: stated(MEMBER, "admin") },
  ];
}

/** A user whom somebody has made by hand, and given no role. */
export const NO_ROLE = "no-role";

/** The member whose certificates are tried. */
const MEMBER = "etcd-lon1";

/** The certificate and key of a client, as the deploy wrote them. */
export function filesOf(harness: LabHarness, client: string): CertificateFiles {
  const file = (name: string): string => path.join(harness.paths.access, client, name);
  return { ca: file("ca.crt"), cert: file("client.crt"), key: file("client.key") };
}

function clientAuthority(harness: LabHarness, directory: string): Promise<ThrowAwayAuthority> {
  const { private_key_pem: key = "" } = harness.attributes("tls_private_key", "pki_client-ca_");
  const { cert_pem: certificate = "" } = harness.attributes("tls_self_signed_cert", "pki_client-ca_");
  return ThrowAwayAuthority.of(directory, certificate, key);
}
