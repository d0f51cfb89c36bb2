import type { LeaderChoice } from "./leader-choice";
import type { VotingMembers } from "./voting-members";

/** What is left when a location or a continent is lost. */
export interface LossReport {
  /** The location or continent that is lost. */
  readonly lost: string;
  /** How many members go with it. */
  readonly membersLost: number;
  /** Whether the others still make a quorum. */
  readonly quorumLeft: boolean;
  /** How many more members may then fail. */
  readonly faultToleranceLeft: number;
  /**
   * Where the leader is best placed then.
   *
   * @default - none, as no quorum is left
   */
  readonly leader?: LeaderChoice;
}

/** Compares who was up with who is left; `leader` is missing where these are no quorum. */
export function lossReport(
  lost: string,
  before: VotingMembers,
  left: VotingMembers,
  leader?: LeaderChoice,
): LossReport {
  return {
    lost,
    membersLost: before.up.length - left.up.length,
    quorumLeft: left.hasQuorum,
    faultToleranceLeft: Math.max(0, left.faultTolerance),
    ...(leader === undefined ? {} : { leader }),
  };
}

/** What may be lost, by these reports, with a quorum left. */
export function survivable(reports: LossReport[]): string[] {
  return reports.filter((report) => report.quorumLeft).map((report) => report.lost);
}

/** What stops the cluster, by these reports, when it is lost. */
export function fatal(reports: LossReport[]): string[] {
  return reports.filter((report) => !report.quorumLeft).map((report) => report.lost);
}
