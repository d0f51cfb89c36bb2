import { Fn } from "cdktf";
import { commands, libraries, NodePart, text } from "../node/node-part";
import { Templates } from "../terraform/templates";
import { ResolvedPki } from "./pki-props";
import { RevokedCertificate } from "./revoked-certificate";

/** Where machines keep what is revoked: as text, and, with ".crl", as etcd reads it. */
const LISTS = "/etc/etcd/revoked";

/** The lists that a cluster has, by their names on machines. */
function listsOf({ revoked, revokedPeers }: ResolvedPki): [name: string, list: readonly RevokedCertificate[]][] {
  return Object.entries({ clients: revoked, peers: revokedPeers }).flatMap(([name, list]) =>
    list === undefined ? [] : [[name, list] as [string, readonly RevokedCertificate[]]],
  );
}

/** Whether a cluster has a list of revoked certificates, be it an empty one. */
export function hasRevocation(pki: ResolvedPki): boolean {
  return listsOf(pki).length > 0;
}

/** etcd's settings for the lists that a cluster has. What is on a list is none of them: etcd reads that for each connection. */
export function revocationSettings(pki: ResolvedPki): Record<string, string> {
  const variables: Record<string, string> = { clients: "ETCD_CLIENT_CRL_FILE", peers: "ETCD_PEER_CRL_FILE" };
  return Object.fromEntries(listsOf(pki).map(([name]) => [variables[name], `${LISTS}/${name}.crl`]));
}

/** The lists of revoked certificates on a machine, and what has etcd go by them; nothing in a cluster without. */
export function revocationPart(templates: Templates, pki: ResolvedPki): NodePart {
  if (!hasRevocation(pki)) return {};
  return {
    files: {
      ...commands(templates, "revocation/revoke.sh"),
      ...libraries(templates, "revocation/revocation.sh"),
      ...Object.fromEntries(
        listsOf(pki).map(([name, list]) => [
          `${LISTS}/${name}`,
          text(Fn.join("\n", [...list.map(({ _line }) => _line), ""])),
        ]),
      ),
    },
    staging: {
      check: templates.file("revocation/stage-check.sh.part"),
      prepare: templates.file("revocation/stage-prepare.sh.part"),
    },
  };
}
