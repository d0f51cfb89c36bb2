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
 * A member is asked four times a second, with a second to answer, and may miss one request on a busy machine. One that
 * restarts is away for longer than this.
 */
const TOLERATED_MS = 1000;

/**
 * Longer than any election: at these distances one takes up to 4.7 s with split votes (docs/benchmarks.md), and 5.7 s was
 * the longest seen when the leader's machine was lost. Beyond this, something prevents an election.
 */
const LEADERLESS_MS = 10_000;

/** Views come four times a second; in a longer gap, something may have gone unnoticed. */
const BLIND_MS = 5000;

export function parseView(line: string): View {
  const { at, ...view } = JSON.parse(line) as Omit<View, "atMs"> & { readonly at: number };
  return { ...view, atMs: at / 1e6 };
}

/** How often another member became the leader. */
export function leaderChanges(views: readonly View[]): number {
  const leaders = views.map(({ leader }) => leader).filter((leader) => leader !== "");
  return leaders.filter((leader, i) => i > 0 && leader !== leaders[i - 1]).length;
}

/** The number of elections and transfers, whatever their result: each increases Raft's term. */
export function terms(views: readonly View[]): number {
  // The term is 0 in views in which no member answered.
  const known = views.map(({ term }) => term).filter((term) => term > 0);
  return known.length === 0 ? 0 : known[known.length - 1] - known[0];
}

/**
 * A sentence for each time that fewer voters than a quorum were in service, or that there was no leader for longer than
 * an election takes. A cluster of one is left out: it has no quorum while it restarts.
 */
export function quorumLosses(views: readonly View[]): string[] {
  const short = spans(views, (view) => view.voters.length > 1 && tolerance(view) < 0);
  const leaderless = spans(views, ({ voters, leader }) => voters.length > 1 && leader === "");
  return [
    ...short
      .filter(({ lastedMs }) => lastedMs > TOLERATED_MS)
      .map(
        ({ since, lastedMs }) =>
          `${time(since.atMs, lastedMs)}, ${since.out.join(" and ")} of the voters ${since.voters.join(", ")} ` +
          "were out of service: that is less than a quorum in service",
      ),
    ...leaderless
      .filter(({ lastedMs }) => lastedMs > LEADERLESS_MS)
      .map(
        ({ since, lastedMs }) =>
          `${time(since.atMs, lastedMs)}, no member knew a leader of the voters ${since.voters.join(", ")}`,
      ),
  ];
}

/** A sentence for each gap in the views that is too long, between two moments. */
export function blindSpans(views: readonly View[], fromMs: number, toMs: number): string[] {
  const within = views.map(({ atMs }) => atMs).filter((atMs) => atMs > fromMs && atMs < toMs);
  const moments = [fromMs, ...within, toMs];
  return moments.slice(1).flatMap((atMs, i) => {
    const lastedMs = atMs - moments[i];
    return lastedMs > BLIND_MS ? [`${time(moments[i], lastedMs)}, the observer saw nothing`] : [];
  });
}

/** How many more voters could fail before the quorum is lost; negative without a quorum. */
function tolerance({ voters, out }: View): number {
  return voters.length - out.length - (Math.floor(voters.length / 2) + 1);
}

/** By how much the tolerance was lower than at the start, for longer than a missed request. */
export function toleranceLost(views: readonly View[]): number {
  if (views.length === 0) return 0;
  const before = tolerance(views[0]);
  const lastingAt = (lost: number): boolean =>
    spans(views, (view) => before - tolerance(view) >= lost).some(({ lastedMs }) => lastedMs > TOLERATED_MS);
  let lost = 0;
  while (lastingAt(lost + 1)) lost += 1;
  return lost;
}

interface Span {
  /** The first view of the span. */
  readonly since: View;
  /** Until the first view after the span. */
  readonly lastedMs: number;
}

/** The times during which something holds. */
function spans(views: readonly View[], holds: (view: View) => boolean): Span[] {
  const found: Span[] = [];
  let since: View | undefined;
  views.forEach((view, i) => {
    const held = holds(view);
    if (held) since ??= view;
    if (since === undefined || (held && i < views.length - 1)) return;
    found.push({ since, lastedMs: view.atMs - since.atMs });
    since = undefined;
  });
  return found;
}

function time(fromMs: number, lastedMs: number): string {
  return `from ${new Date(fromMs).toISOString()}, for ${(lastedMs / 1000).toFixed(1)} s`;
}
