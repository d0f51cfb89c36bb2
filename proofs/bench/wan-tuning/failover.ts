import { setTimeout as sleep } from "node:timers/promises";
import type { Progress } from "terraform-lab";
import type { Rig } from "../../rig/rig";
import { found, type Subject, type Trial } from "./clusters";
import { firstAcknowledged } from "../../workload/first-acknowledged";
import { markdownTable, seconds } from "../../figures/markdown";
import type { Operation } from "../../workload/operation-log";
import { lossAndJitter, REGIONS, timeouts } from "./settings";
import { median, worst } from "../../figures/statistics";
import { WriteClient, type ClientMode } from "./write-client";

/**
 * By each kind of client, at each of the two surviving locations. More would show nothing new: a write that reaches a
 * member without a leader waits there for the next leader.
 */
const WRITES_PER_SECOND = 5;
/** Time before the power fails, and a random addition, so that it fails at a random phase of all timers. */
const STEADY_MS = 2000;
const RANDOM_MS = 1000;
/** Twice the longest ever measured, 16 s with kubespray's settings. */
const GIVE_UP_MS = 40_000;
/** The clients flush their records every 100 ms. */
const LOOK_EVERY_MS = 100;

/** How long writes stopped when the leader's machine lost power, for each round. */
export interface FailoverResult {
  readonly setting: string;
  readonly timeouts: string;
  readonly condition: string;
  /** Region of the leader, whose machine loses power. */
  readonly leader: string;
  /** The clients' deadline of an attempt. */
  readonly attemptMs: number;
  /** By kind of client, for each round: ms from the power failure until a write started after it was acknowledged. */
  readonly stoppedMs: Readonly<Record<ClientMode, number[]>>;
}

/** The kinds differ in how they handle a write without an answer; the naive ones' best is the cluster's own time. */
const MODES: readonly ClientMode[] = ["recommended", "naive"];

/** Clients at the surviving locations; they know all endpoints. */
type Survivors = Readonly<Record<ClientMode, readonly WriteClient[]>>;

/** Clusters at once. On two processors, medians were 0.3 s longer with seven than with one; with three they were not. */
const AT_ONCE = 3;

/** Measures a few clusters at a time, independently. `report` is called after every round. */
export async function measureFailovers(
  rig: Rig,
  trials: readonly Trial[],
  rounds: number,
  report: (results: readonly FailoverResult[]) => void,
  progress: Progress,
): Promise<readonly FailoverResult[]> {
  const results = trials.map(({ setting, condition, leader }) => ({
    setting: setting.name,
    timeouts: timeouts(setting),
    condition: lossAndJitter(condition),
    leader,
    attemptMs: setting.tuning.clientAttemptTimeoutMs,
    stoppedMs: { recommended: new Array<number>(), naive: new Array<number>() },
  }));
  const waiting = [...trials.entries()];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, trial] = next;
      const subject = await found(rig, trial);
      const { stoppedMs } = results[index];
      const clients = {
        recommended: await survivors(rig, subject, "recommended"),
        naive: await survivors(rig, subject, "naive"),
      };
      for (let round = 1; round <= rounds; round += 1) {
        const took = await failover(subject, clients);
        for (const mode of MODES) stoppedMs[mode].push(took[mode]);
        report(results.filter(hasRounds));
        const { setting, condition, leader } = subject;
        const times = MODES.map((mode) => seconds(took[mode])).join(", ");
        progress(`failover: ${setting.name} (${lossAndJitter(condition)}, ${leader}), round ${round}: ${times}`);
      }
      for (const client of MODES.flatMap((mode) => clients[mode])) await client.stop();
      await subject.cluster.stop();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return results.filter(hasRounds);
}

function hasRounds({ stoppedMs }: FailoverResult): boolean {
  return stoppedMs.naive.length > 0;
}

function survivors(rig: Rig, subject: Subject, mode: ClientMode): Promise<WriteClient[]> {
  return Promise.all(
    REGIONS.filter((region) => region !== subject.leader).map((region) =>
      WriteClient.start(rig, { ...subject, region, mode, writesPerSecond: WRITES_PER_SECOND }),
    ),
  );
}

/** One round; returns ms from the power failure until a write started after it was acknowledged, by kind of client. */
async function failover(
  { cluster, leader: region }: Subject,
  clients: Survivors,
): Promise<Readonly<Record<ClientMode, number>>> {
  await cluster.placeLeader(region);
  await sleep(STEADY_MS + RANDOM_MS * Math.random());
  for (const client of MODES.flatMap((mode) => clients[mode])) client.operations();

  const leader = cluster.member(region);
  const lostMs = Date.now();
  await leader.losePower();
  const goneMs = Date.now();

  const seen: Record<ClientMode, Operation[]> = { recommended: [], naive: [] };
  for (;;) {
    await sleep(LOOK_EVERY_MS);
    for (const mode of MODES) seen[mode].push(...clients[mode].flatMap((client) => client.operations()));
    const recommended = firstAcknowledged(seen.recommended, goneMs);
    const naive = firstAcknowledged(seen.naive, goneMs);
    if (recommended !== undefined && naive !== undefined) {
      await leader.returnPower();
      await cluster.untilHealthy();
      return { recommended: recommended - lostMs, naive: naive - lostMs };
    }
    if (Date.now() - lostMs > GIVE_UP_MS) {
      throw new Error(
        `${cluster.name}: no write was acknowledged for ${GIVE_UP_MS / 1000} s after the loss of its leader`,
      );
    }
  }
}

export function failoverTable(results: readonly FailoverResult[]): string {
  return markdownTable(
    [
      "setting",
      "heartbeat/election ms",
      "loss, jitter",
      "power fails in",
      "rounds",
      "recommended client",
      "worst",
      "naive client",
      "worst",
    ],
    results.map((one) => [
      one.setting,
      one.timeouts,
      one.condition,
      one.leader,
      String(one.stoppedMs.naive.length),
      ...MODES.flatMap((mode) => [seconds(median(one.stoppedMs[mode])), seconds(worst(one.stoppedMs[mode]))]),
    ]),
  );
}
