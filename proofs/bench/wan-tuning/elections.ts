import { loadavg } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { Progress } from "terraform-lab";
import type { ElectionCount } from "../../rig/cluster";
import type { Rig } from "../../rig/rig";
import type { Operation } from "../../workload/operation-log";
import { found, type Subject, type Trial } from "./clusters";
import { markdownTable, seconds } from "../../figures/markdown";
import { LEADER_REGION, lossAndJitter, REGIONS, timeouts } from "./settings";
import { summarize, type Summary } from "./summary";
import { WriteClient } from "./write-client";

/** Time for leaders to settle and connections to warm up. */
const WARM_UP_MS = 15_000;
const SAMPLE_EVERY_MS = 60_000;
const RETRY_EVERY_MS = 1000;
/** Time limit of the last sample. */
const GIVE_UP_MS = 300_000;
/** At each of the three locations. With more, two processors would be too busy for the timers of 27 members. */
const WRITES_PER_SECOND = 2;

/** Results of one cluster. No member lost power, so every election was unnecessary. */
export interface ElectionsResult {
  readonly profile: string;
  readonly timeouts: string;
  readonly condition: string;
  readonly minutes: number;
  /** Number of elections: the increase of Raft's term. */
  readonly elections: number;
  /** The most leader changes that any member counted; more than the elections if it only lost contact with the leader. */
  readonly leaderChangesSeen: number;
  /** Writes of the clients at all locations. */
  readonly writes: Summary;
  /** The slowest of them, slowest first, with their times, to look for causes. */
  readonly slowest: readonly Operation[];
}

const SLOWEST_KEPT = 10;

/** Called with the results so far, once a minute and at the end. */
export type Report = (results: readonly ElectionsResult[]) => void;

interface Watched extends Subject {
  readonly before: ElectionCount;
  readonly clients: readonly WriteClient[];
  /** Operations since the warm-up. */
  readonly operations: Operation[];
}

/** Counts unnecessary elections in all these clusters at once, under writes. */
export async function measureElections(
  rig: Rig,
  trials: readonly Trial[],
  minutes: number,
  report: Report,
  progress: Progress,
): Promise<readonly ElectionsResult[]> {
  const subjects: Subject[] = [];
  // One after the other: starting many clusters at once would overload the machine.
  for (const trial of trials) subjects.push(await found(rig, trial));
  progress(`elections: ${subjects.length} clusters run; ${minutes} minutes from now`);
  const clientsOf = new Map<Subject, WriteClient[]>();
  for (const subject of subjects) {
    await subject.cluster.placeLeader(LEADER_REGION);
    const clients = await Promise.all(
      REGIONS.map((region) =>
        WriteClient.start(rig, { ...subject, region, mode: "recommended", writesPerSecond: WRITES_PER_SECOND }),
      ),
    );
    clientsOf.set(subject, clients);
  }
  await sleep(WARM_UP_MS);
  const started = Date.now();
  const watched = await Promise.all(
    [...clientsOf].map(async ([subject, clients]) => {
      for (const client of clients) client.operations();
      return { ...subject, clients, before: await subject.cluster.elections(), operations: [] };
    }),
  );
  const end = started + minutes * 60_000;
  let results: readonly ElectionsResult[] = [];
  for (let sampled = started; sampled < end;) {
    await sleep(Math.min(SAMPLE_EVERY_MS, Math.max(RETRY_EVERY_MS, end - Date.now())));
    if (Date.now() > end + GIVE_UP_MS) throw new Error("elections: the members do not answer any more");
    try {
      results = await Promise.all(watched.map((one) => resultOf(one, started)));
    } catch (error) {
      // A busy machine must not end an hour's measurement: the next sample has all counts.
      progress(`elections: no sample this time: ${error instanceof Error ? error.message : String(error)}`);
      continue;
    }
    sampled = Date.now();
    report(results);
    const elapsed = ((sampled - started) / 60_000).toFixed(1);
    const counts = results.map(({ elections }) => elections).join(" ");
    progress(`elections: ${elapsed} minutes; so far ${counts}; ${await lateness(rig)}`);
  }
  for (const client of watched.flatMap(({ clients }) => clients)) await client.stop();
  return results;
}

async function resultOf(one: Watched, started: number): Promise<ElectionsResult> {
  const now = Date.now();
  const after = await one.cluster.elections();
  one.operations.push(...one.clients.flatMap((client) => client.operations()));
  return {
    profile: one.setting.name,
    timeouts: timeouts(one.setting),
    condition: lossAndJitter(one.condition),
    minutes: (now - started) / 60_000,
    elections: after.term - one.before.term,
    leaderChangesSeen: after.leaderChangesSeen - one.before.leaderChangesSeen,
    writes: summarize(one.operations),
    slowest: [...one.operations].sort((a, b) => b.endMs - b.dueMs - (a.endMs - a.dueMs)).slice(0, SLOWEST_KEPT),
  };
}

/** The delay that this machine added to the network's: the error of the measurement. */
async function lateness(rig: Rig): Promise<string> {
  const { worstLateMs, packetsPerSecond } = await rig.wanStats();
  return `${packetsPerSecond.toFixed(0)} packets/s, the latest ${worstLateMs.toFixed(1)} ms late, load ${loadavg()[0].toFixed(1)}`;
}

export function electionsTable(results: readonly ElectionsResult[]): string {
  return markdownTable(
    [
      "profile",
      "heartbeat/election ms",
      "loss, jitter",
      "minutes",
      "elections",
      "per hour",
      "leader lost from sight",
      "writes",
      "failed",
      "median",
      "p99",
      "worst",
    ],
    results.map((one) => [
      one.profile,
      one.timeouts,
      one.condition,
      one.minutes.toFixed(0),
      String(one.elections),
      ((60 * one.elections) / one.minutes).toFixed(1),
      String(one.leaderChangesSeen - one.elections),
      String(one.writes.count),
      String(one.writes.failed),
      `${one.writes.medianMs.toFixed(0)} ms`,
      `${one.writes.p99Ms.toFixed(0)} ms`,
      seconds(one.writes.worstMs),
    ]),
  );
}
