import type { ClusterRecord } from "../cluster-record";
import type { Machine } from "../machines/machines";
import type { ClientFiles } from "./client-files";
import { Direction, Pairs, pairsOf } from "./directions";
import { measureHandshakes } from "./handshakes";
import { OBSERVATION_SECONDS } from "./probe-series";
import type { WatchedProbes } from "./watch-probes";
import { watchProbes } from "./watch-probes";

/** What a measurement is made with. */
export interface MeasureProps {
  readonly record: ClusterRecord;
  /** To read etcd's own metric with; missing where no client's files are there. */
  readonly files?: ClientFiles;
  /** To time handshakes from; missing where nobody may log in. */
  readonly machines?: ReadonlyMap<string, Machine>;
  readonly seconds: number;
  readonly signal: AbortSignal;
  /** Called often, with what there is so far. */
  readonly progress: (pairs: Pairs) => void;
}

/** What a running cluster's round-trip times are. */
export interface Measurement extends Pairs {
  /** What could not be measured, or has to be taken with care; each says what to do. */
  readonly notes: readonly string[];
  /** Names of servers that answered, and are no members of the record. */
  readonly strangers: readonly string[];
  readonly clusterId?: string;
  readonly measuredAt: string;
}

/** Whether so many seconds are enough to see each of etcd's entries at least once. */
export function seesProbes(seconds: number): boolean {
  return seconds > OBSERVATION_SECONDS;
}

/**
 * Measures a running cluster: by handshakes where there are machines to log in to, by etcd's own probes for the rest.
 */
export async function measureCluster(props: MeasureProps): Promise<Measurement> {
  const { record, files, machines, seconds, signal } = props;
  const soFar = new Map<string, readonly Direction[]>();
  const progress = (source: string) => (directions: readonly Direction[]) => {
    soFar.set(source, directions);
    props.progress(pairsOf(record.members, [...soFar.values()].flat()));
  };
  const members = record.members.map((member) => member.name);
  const [handshakes, probes] = await Promise.all([
    machines === undefined
      ? undefined
      : measureHandshakes({ machines, seconds, signal, progress: progress("handshakes") }),
    files === undefined
      ? undefined
      : // With handshakes the time may be too short for probes, but one look already tells which cluster it is.
        watchProbes({ files, members, seconds, signal, progress: progress("probes") }),
  ]);
  const pairs = pairsOf(record.members, [...(handshakes?.directions ?? []), ...(probes?.directions ?? [])]);
  return {
    ...pairs,
    notes: [...(handshakes?.notes ?? []), ...notesOf(probes, machines !== undefined && pairs.missing.length === 0)],
    strangers: probes?.strangers ?? [],
    clusterId: probes?.clusterId,
    measuredAt: new Date().toISOString().replace(/\.\d+Z$/, "Z"),
  };
}

/** Without notes on etcd's probes where handshakes have covered every pair. */
function notesOf(probes: WatchedProbes | undefined, needless: boolean): readonly string[] {
  return probes === undefined || needless ? [] : probes.notes;
}
