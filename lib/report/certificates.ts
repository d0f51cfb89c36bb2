import type { CertificateExpiry } from "../access/certificate-expiry";
import type { ClusterRecord } from "../cluster-record";

/** One certificate and what is left of it. */
export interface CertificateRow {
  /** A member's or client's name, or which authority. */
  readonly holder: string;
  readonly kind: string;
  /** RFC 3339. */
  readonly ends: string;
  /** Whole days; negative once it has expired. */
  readonly daysLeft: number;
  /** An authority is not renewed but rotated. */
  readonly isAuthority: boolean;
}

/** What is known of a cluster's certificates: how they are configured, and when each ends if its outputs were given. */
export interface CertificatePlan {
  readonly configured?: ClusterRecord["certificates"];
  /** The first to end first. */
  readonly rows?: readonly CertificateRow[];
}

const DAY_MS = 86_400_000;

/** The certificates of a deployed cluster as of `now`, the first to end first. */
export function certificateRows(expiry: CertificateExpiry, now: Date): CertificateRow[] {
  const row = (holder: string, kind: string, ends: string, isAuthority = false): CertificateRow => ({
    holder,
    kind,
    ends,
    daysLeft: Math.floor((Date.parse(ends) - now.getTime()) / DAY_MS),
    isAuthority,
  });
  return [
    ...Object.entries(expiry.members).flatMap(([member, kinds]) =>
      Object.entries(kinds).map(([kind, ends]) => row(member, kind, ends)),
    ),
    ...Object.entries(expiry.clients).map(([client, ends]) => row(client, "client", ends)),
    ...Object.entries(expiry.authorities).flatMap(([authority, generations]) =>
      Object.entries(generations).map(([generation, ends]) =>
        row(`authority for ${authority}s`, `generation ${generation}`, ends, true),
      ),
    ),
  ].sort((a, b) => Date.parse(a.ends) - Date.parse(b.ends));
}
