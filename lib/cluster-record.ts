import type { ClientLocation, Region, RoundTripTimePair, TuningProfile } from "./wan";

/** Key of the clusters' records in a stack's `//` block. Terraform ignores that block, so no plan shows them. */
export const RECORDS = "cdktf-etcd";

/**
 * The inputs of a cluster's model, kept in the synthesized stack for reports. No secrets, and nothing that is known
 * only after apply.
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
  /** First part of the outputs' names, if it was given. */
  readonly outputPrefix?: string;
  /** How certificates are configured; missing in stacks of earlier versions. */
  readonly certificates?: {
    readonly leafValidityDays: number;
    readonly earlyRenewalDays: number;
    readonly authorityValidityDays: number;
    /** How long before its end an authority is to be rotated; missing in stacks of earlier versions. */
    readonly authorityWarningDays?: number;
  };
  /** Who may do what, as the machines are told; missing where the code says nothing of authorization. */
  readonly access?: readonly string[];
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
