import { setTimeout as sleep } from "node:timers/promises";
import type { ClientFiles } from "./client-files";
import { Direction, Method } from "./directions";
import { MemberConnection, UnreachableError } from "./member-connection";
import type { MemberMetrics } from "./member-metrics";
import { readMemberMetrics } from "./member-metrics";
import { NoReading, ProbeSeries, SETTLED_SECONDS } from "./probe-series";

/** Between two looks at a member, in seconds: often enough to see each of etcd's entries, 30 s apart, on its own. */
const LOOK_SECONDS = 2;

/** What watching the members' probes came to. */
export interface WatchedProbes {
  readonly directions: readonly Direction[];
  /** What could not be measured, or has to be taken with care; each says what to do. */
  readonly notes: readonly string[];
  /** In hexadecimal, if a member reported it. */
  readonly clusterId?: string;
  /** Names of the members that answered. */
  readonly answered: readonly string[];
  /** DNS names of servers that answered, and are none of the members asked for. */
  readonly strangers: readonly string[];
}

/** What is to be watched. */
export interface WatchProps {
  readonly files: ClientFiles;
  /** Names of the members to tell apart. */
  readonly members: readonly string[];
  readonly seconds: number;
  readonly signal: AbortSignal;
  /** Called after each look with what there is so far. */
  readonly progress: (directions: readonly Direction[]) => void;
}

/** One member, as we know it so far. */
class Watched {
  public name?: string;
  public id?: string;
  public names: readonly string[] = [];
  public failure?: string;
  public readonly toPeers = new Map<string, ProbeSeries>();

  public constructor(
    public readonly connection: MemberConnection,
    private readonly members: readonly string[],
  ) {}

  /** A failure is forgotten with the next look that succeeds, so a short outage does not count. */
  public async look(): Promise<void> {
    try {
      const { text, names } = await this.connection.metrics();
      const metrics = readMemberMetrics(text);
      if (metrics === undefined) throw new UnreachableError(`${this.connection.endpoint}: this is not etcd's /metrics`);
      this.name = this.members.find((member) => names.includes(member));
      this.names = names;
      this.id = metrics.memberId;
      this.failure = undefined;
      this.take(metrics);
    } catch (error) {
      if (!(error instanceof UnreachableError)) throw error;
      this.failure = error.message;
    }
  }

  private take(metrics: MemberMetrics): void {
    for (const [peer, histogram] of metrics.peers) {
      const series = this.toPeers.get(peer) ?? new ProbeSeries();
      this.toPeers.set(peer, series);
      series.take(histogram, metrics.activePeers.has(peer), performance.now() / 1000);
    }
  }
}

/** Reads the round trips off etcd's own metric, on each member that answers, for a while. */
export async function watchProbes(props: WatchProps): Promise<WatchedProbes> {
  const { files, members, seconds, signal, progress } = props;
  const watched = files.endpoints.map(
    (endpoint) => new Watched(new MemberConnection(endpoint, files, signal), members),
  );
  try {
    const end = performance.now() + seconds * 1000;
    await Promise.all(watched.map((member) => member.look()));
    // Where no member answers, the reasons are known at once.
    while (performance.now() < end && watched.some((member) => member.id !== undefined)) {
      progress(directionsOf(watched));
      await sleep(Math.min(LOOK_SECONDS * 1000, Math.max(0, end - performance.now())), undefined, { signal });
      await Promise.all(watched.map((member) => member.look()));
    }
    signal.throwIfAborted();
    return {
      directions: directionsOf(watched),
      notes: notesOn(watched),
      clusterId: await clusterIdOf(watched),
      answered: watched.flatMap((member) => member.name ?? []),
      strangers: watched.flatMap(({ name, names }) => (name === undefined ? names.slice(0, 1) : [])),
    };
  } finally {
    for (const { connection } of watched) connection.close();
  }
}

function directionsOf(watched: readonly Watched[]): Direction[] {
  return seriesOf(watched).map(({ from, to, series }) => ({
    from,
    to,
    method: Method.PROBES,
    samples: [...series.readings],
  }));
}

/** The series between members that both have a name. */
function seriesOf(watched: readonly Watched[]): { from: string; to: string; series: ProbeSeries }[] {
  return watched.flatMap(({ name: from, toPeers }) =>
    [...toPeers].flatMap(([peer, series]) => {
      const to = watched.find((member) => member.id === peer)?.name;
      return from === undefined || to === undefined ? [] : [{ from, to, series }];
    }),
  );
}

const ADVICE: Record<NoReading, string> = {
  [NoReading.NONE_YET]: "etcd entered nothing in this time; measure for longer",
  [NoReading.UNSETTLED]: `etcd has known this peer for too short a time, and its average needs ${SETTLED_SECONDS} s; wait, or use --ssh`,
  [NoReading.UNHEALTHY]: "etcd's probes of this peer fail; look at the path between the two and at the peer's log",
  [NoReading.UNEXPECTED]:
    "etcd's entries are not one and three round trips, so its TLS or its version is another; use --ssh",
};

function notesOn(watched: readonly Watched[]): string[] {
  return [
    ...watched.flatMap(({ failure }) => failure ?? []),
    ...seriesOf(watched).flatMap(({ from, to, series }) => {
      if (series.noReading !== undefined) return [`${from} to ${to}: ${ADVICE[series.noReading]}`];
      return series.moving
        ? [`${from} to ${to}: still moving by more than a tenth; etcd's average takes two minutes, so measure again`]
        : [];
    }),
  ];
}

async function clusterIdOf(watched: readonly Watched[]): Promise<string | undefined> {
  for (const { connection, failure } of watched) {
    if (failure !== undefined) continue;
    try {
      return await connection.clusterId();
    } catch (error) {
      if (!(error instanceof UnreachableError)) throw error;
    }
  }
  return undefined;
}
