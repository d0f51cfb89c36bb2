/** The cluster at one moment, as `workload observe` wrote it. */
export interface View {
  /** Milliseconds of the Unix epoch. */
  readonly atMs: number;
  readonly term: number;
  /** Id of the leader; empty while there is none. */
  readonly leader: string;
  /** Names of the voting members. */
  readonly voters: readonly string[];
  /** Of these, those out of service: they refuse connections, or have been silent for 10 s. */
  readonly out: readonly string[];
  readonly learners: readonly string[];
}

/**
 * A member that is asked four times a second, and given a second to answer, may miss one question on a busy machine. One
 * that restarts is away for longer than this.
 */
const TOLERATED_MS = 1000;

export function parseView(line: string): View {
  const { at, ...view } = JSON.parse(line) as Omit<View, "atMs"> & { readonly at: number };
  return { ...view, atMs: at / 1e6 };
}

/** How often another member took the lead. */
export function leaderChanges(views: readonly View[]): number {
  const leaders = views.map(({ leader }) => leader).filter((leader) => leader !== "");
  return leaders.filter((leader, i) => i > 0 && leader !== leaders[i - 1]).length;
}

/** How often there was an election, or a transfer, whoever won: raft counts a term for each. */
export function terms(views: readonly View[]): number {
  return views.length === 0 ? 0 : views[views.length - 1].term - views[0].term;
}

/** A sentence for each time that fewer voters than a quorum were in service. A cluster of one has none while it restarts, as it must. */
export function quorumLosses(views: readonly View[]): string[] {
  const losses: string[] = [];
  let since: View | undefined;
  views.forEach((view, i) => {
    const inService = view.voters.length - view.out.length;
    const short = view.voters.length > 1 && inService < Math.floor(view.voters.length / 2) + 1;
    if (short) since ??= view;
    const over = !short || i === views.length - 1;
    if (!over || since === undefined) return;
    const lastedMs = view.atMs - since.atMs;
    if (lastedMs > TOLERATED_MS) {
      losses.push(
        `from ${new Date(since.atMs).toISOString()}, for ${(lastedMs / 1000).toFixed(1)} s, ${since.out.join(" and ")} of the voters ` +
          `${since.voters.join(", ")} were out of service: that is less than a quorum in service`,
      );
    }
    since = undefined;
  });
  return losses;
}
