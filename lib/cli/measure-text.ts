import type { ClusterRecord } from "../cluster-record";
import type { Pairs } from "../measure/directions";
import type { Drift, PairDrift, StreamsDrift } from "../measure/drift";
import { memberPairs } from "../measure/drift";
import { milliseconds } from "../report/milliseconds";
import { textTable } from "./text-table";

/** What was measured, for a terminal. */
export function measurementText({ pairs }: Pairs): string {
  const table = textTable(
    [
      { title: "pair" },
      { title: "p50", right: true },
      { title: "p95", right: true },
      { title: "samples", right: true },
      { title: "lost", right: true },
      { title: "from" },
    ],
    pairs.map(({ a, b, p50, p95, samples, lossPercent, method }) => [
      `${a}-${b}`,
      tenths(p50),
      tenths(p95),
      String(samples ?? 0),
      lossPercent === undefined ? "-" : `${lossPercent} %`,
      method ?? "",
    ]),
  );
  return `${table}\n`;
}

/** What there is so far, in a line. */
export function progressText(record: ClusterRecord, { pairs }: Pairs): string {
  return memberPairs(record)
    .map(({ a, b }) => {
      const found = pairs.find((pair) => [pair.a, pair.b].sort().join() === [a, b].sort().join());
      return `${a}-${b} ${found === undefined ? "-" : `${tenths(found.p50)} (${found.samples ?? 0})`}`;
    })
    .join(", ");
}

/** What to do with the file. */
export function howToUse({ clients, members }: ClusterRecord, file: string): string {
  const places = new Set(members.map((member) => member.location));
  const elsewhere = (clients ?? []).some((client) => !places.has(client.location));
  const rest = elsewhere ? ".completedBy(RoundTripTimes.builtIn())" : "";
  return (
    "To tune the cluster to it, give EtcdCluster\n" +
    `  roundTripTimes: RoundTripTimes.fromFile("${file}")${rest}\n` +
    "and deploy.\n"
  );
}

/** How far a cluster has moved from what it was tuned for, and what to do. */
export function driftText(name: string, record: ClusterRecord, drift: Drift, file: string): string {
  const { source, measuredAt } = record.roundTripTimes;
  const { election, streams, tolerancePercent } = drift;
  const table = textTable(
    [
      { title: "pair" },
      { title: "tuned for", right: true },
      { title: "now p50", right: true },
      { title: "p95", right: true },
      { title: "moved", right: true },
      { title: "verdict" },
    ],
    drift.pairs.map((pair) => [
      `${pair.a}-${pair.b}`,
      tenths(pair.tunedForMs),
      tenths(pair.nowMs),
      tenths(pair.nowP95Ms),
      moved(pair),
      verdict(pair),
    ]),
  );
  const wanted = election.wantedMs === undefined ? "" : `; with these times ${milliseconds(election.wantedMs)}`;
  return [
    `${name}, tuned for: ${source.split(/ \(|, as |; /)[0]}${measuredAt === undefined ? "" : ` (${measuredAt})`}`,
    `\n${table}\n`,
    `Election timeout: ${milliseconds(election.inUseMs)} in use${wanted}: ${election.problem === undefined ? "ok" : `DRIFTED, ${election.problem}`}`,
    `Log to followers: ${streamsText(streams)}`,
    `Tolerated: ${tolerancePercent} %, and 5 ms in any case.`,
    ...(drift.drifted
      ? [
          `\nThe cluster has drifted from its tuning. Write the times down with cdktf-etcd measure${drift.streams.drifted ? " --ssh" : ""}.\n${howToUse(record, file)}`,
        ]
      : [""]),
  ].join("\n");
}

function streamsText({ inUse, wanted, lossPercent, drifted }: StreamsDrift): string {
  const found = `by ${inUse}, with up to ${lossPercent} % lost`;
  if (!drifted) return `${found}: ok`;
  const better = wanted === "bbr" ? "by bbr it would keep up" : "by cubic writes would be in time more often";
  return `${found}: DRIFTED, ${better}`;
}

function verdict({ nowMs, drifted }: PairDrift): string {
  if (nowMs === undefined) return "not measured";
  return drifted ? "DRIFTED" : "ok";
}

function moved({ nowMs, tunedForMs }: PairDrift): string {
  if (nowMs === undefined) return "-";
  const ms = nowMs - tunedForMs;
  return `${ms < 0 ? "-" : "+"}${Math.abs(ms).toFixed(1)} ms`;
}

function tenths(ms: number | undefined): string {
  return ms === undefined ? "-" : `${ms.toFixed(1)} ms`;
}
