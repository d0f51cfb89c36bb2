import type { ClientLocation, Region, RoundTripTimePair, TuningProfile } from "./wan";

/** Where a stack keeps its clusters' records: in the comment that Terraform skips, so no plan ever shows it. */
export const RECORDS = "cdktf-etcd";

/**
 * What a cluster's model was given, as the synthesized stack keeps it for reports: no secrets, and nothing that is known
 * only once it is applied.
 *
 * @internal
 */
export interface ClusterRecord {
  readonly version: 1;
  readonly members: readonly { readonly name: string; readonly location: string }[];
  readonly clients?: readonly ClientLocation[];
  readonly profile: TuningProfile;
  /** As given; derived where it is missing. */
  readonly heartbeatMs?: number;
  /** As given; derived where it is missing. */
  readonly electionMs?: number;
  /** Names of members, as given; computed where it is missing. */
  readonly preferredLeaders?: readonly string[];
  /** How certificates are configured; missing in stacks of earlier versions. */
  readonly certificates?: {
    readonly leafValidityDays: number;
    readonly earlyRenewalDays: number;
    readonly authorityValidityDays: number;
    /** How long before its end an authority is to be rotated; missing in stacks of earlier versions. */
    readonly authorityWarningDays?: number;
  };
  /** The timeouts in use. */
  readonly inUse: { readonly heartbeatMs: number; readonly electionMs: number };
  readonly roundTripTimes: {
    readonly source: string;
    readonly measuredAt?: string;
    /** Those that are not built in. */
    readonly regions: readonly Region[];
    /** Between members, and from clients to members. */
    readonly pairs: readonly RoundTripTimePair[];
  };
}
