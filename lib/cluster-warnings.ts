import { QuorumModel, Tuning } from "./wan";

/** Warnings about a cluster that works, but survives less than it may seem, or is slower than it could be. */
export function clusterWarnings(quorum: QuorumModel, tuning: Tuning): string[] {
  const { memberCount: count, quorumSize, faultTolerance } = quorum;
  const even =
    count % 2 === 0
      ? [
          `${count} members tolerate the loss of ${faultTolerance}, no more than ${count - 1} would, and each write ` +
            `waits for ${quorumSize} of them: choose ${count - 1} or ${count + 1} members`,
        ]
      : [];
  const fatal = quorum
    .locationsThatStopTheCluster()
    .map(
      (location) =>
        `the loss of ${location} alone would stop the cluster: ${quorumSize} of ${count} members must be left. ` +
        "Spread the members over more locations",
    );
  return [...even, ...fatal, ...tuning.warnings];
}
