/** How to weigh a quick failover against mistaken elections. */
export enum TuningProfile {
  /**
   * Election timeout of 2.5 x the largest p95 round trip, heartbeat a tenth of it. At round trips of 78, 167 and 224 ms
   * that is 58/580. When the leader's location loses power, the next write comes after 1.7 s (median of 40 rounds) where those
   * that are left are 224 ms apart, and up to 4.7 s when votes are split (docs/benchmarks.md).
   */
  BALANCED = "balanced",
  /**
   * etcd's own guide: heartbeat of the largest round trip, election timeout ten times that. At the same round trips
   * 224/2240: next write after 4.1 s (median), 7.6 s (worst). For paths that are far worse than their numbers.
   */
  CONSERVATIVE = "conservative",
  /**
   * As low as the round trips allow: 2 x the largest p95. A candidate waits for its pre-vote, then for its vote, a
   * round trip each, and its timer starts anew with either: one round trip to spare. 46/460 at the same round trips:
   * 1.6 s (median), but votes are split more often, which takes 3 s and more.
   */
  FAST = "fast",
}
