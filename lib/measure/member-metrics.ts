/** A Prometheus histogram as it stood at one moment: counted since the process started. */
export interface Histogram {
  readonly count: number;
  /** Sum of all observations, in milliseconds. */
  readonly sumMs: number;
  /** Observations up to each bound, in ascending order of the bounds; the last bound is Infinity. */
  readonly buckets: readonly Bucket[];
}

/** One bound of a {@link Histogram}. */
export interface Bucket {
  readonly upToMs: number;
  /** Observations up to the bound, those of lower bounds included. */
  readonly count: number;
}

/** What a member's /metrics says about its peers. */
export interface MemberMetrics {
  /** The member's own id, in hexadecimal. */
  readonly memberId: string;
  /** `etcd_network_peer_round_trip_time_seconds`, by the peer's id. */
  readonly peers: ReadonlyMap<string, Histogram>;
  /** Ids of the peers that the member exchanges messages with at this moment. */
  readonly activePeers: ReadonlySet<string>;
}

const ROUND_TRIPS = "etcd_network_peer_round_trip_time_seconds";

/** One line of Prometheus' text format: name, labels, value. */
const LINE = /^(?<name>[a-zA-Z_:][\w:]*)(?:\{(?<labels>.*)\})? (?<value>\S+)/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

interface Sample {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}

/** Reads a member's /metrics; undefined where the text is none of etcd's. */
export function readMemberMetrics(text: string): MemberMetrics | undefined {
  const samples = text.split("\n").flatMap((line) => readLine(line) ?? []);
  const memberId = samples.find(({ name, value }) => name === "etcd_server_id" && value === 1)?.labels.get("server_id");
  if (memberId === undefined) return undefined;
  const histograms = samples.filter(({ name }) => name.startsWith(ROUND_TRIPS));
  const peers = new Set(histograms.flatMap(({ labels }) => labels.get("To") ?? []));
  const active = samples.filter(({ name, value }) => name === "etcd_network_active_peers" && value > 0);
  return {
    memberId,
    peers: new Map(
      [...peers].map((peer) => [peer, histogram(histograms.filter(({ labels }) => labels.get("To") === peer))]),
    ),
    activePeers: new Set(active.flatMap(({ labels }) => labels.get("Remote") ?? [])),
  };
}

function readLine(line: string): Sample | undefined {
  const groups = LINE.exec(line)?.groups;
  if (groups === undefined) return undefined;
  const labels = [...((groups.labels as string | undefined) ?? "").matchAll(LABEL)];
  return {
    name: groups.name,
    labels: new Map(labels.map((match) => [match[1], match[2]])),
    value: Number(groups.value),
  };
}

function histogram(samples: readonly Sample[]): Histogram {
  const only = (suffix: string): number => samples.find(({ name }) => name === `${ROUND_TRIPS}_${suffix}`)?.value ?? 0;
  return {
    count: only("count"),
    sumMs: only("sum") * 1000,
    buckets: samples
      .filter(({ name }) => name === `${ROUND_TRIPS}_bucket`)
      .map(({ labels, value }) => ({ upToMs: boundMs(labels.get("le") ?? "+Inf"), count: value }))
      .sort((a, b) => a.upToMs - b.upToMs),
  };
}

function boundMs(le: string): number {
  return le === "+Inf" ? Infinity : Number(le) * 1000;
}
