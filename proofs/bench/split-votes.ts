/**
 * `npm run bench:split-votes [-- --rtt MS]`: simulates how long the remaining two of three members take to elect a leader
 * and commit a write, by Raft's rules alone, for several heartbeat intervals and election timeouts. It shows what no
 * setting can improve; `npm run bench:wan-tuning -- --parts failover` measures etcd itself.
 */
import { parseArgs } from "node:util";
import { RoundTripTimes } from "../../lib/wan";
import { Random } from "../random";
import { markdownTable, seconds } from "../figures/markdown";
import { median, quantile } from "../figures/statistics";

const TRIALS = 20_000;
const SEED = 1;
/** The number of rounds in which the fail-over is measured, and its limit. */
const ROUNDS = 20;
const WORST_MS = 3500;
/** Heartbeat interval in ms, and the election timeout in heartbeats; etcd refuses fewer than five. */
const SETTINGS: readonly (readonly [number, number])[] = [
  [40, 10],
  [46, 10],
  [50, 10],
  [58, 10],
  [96, 6],
  [116, 5],
  [64, 10],
  [70, 10],
  [140, 5],
  [84, 10],
  [100, 10],
];

interface Trial {
  readonly tookMs: number;
  readonly split: boolean;
}

/**
 * Each member counts ticks, one per heartbeat interval, and campaigns after a random n to 2n - 1 ticks without a leader.
 * A campaign takes two round trips, the pre-vote and the vote. A member that campaigns less than half a round trip after
 * the other has voted for itself before it receives the other's request: the vote is split, and both draw new timeouts.
 * The leader's first entry and the write take a round trip each.
 */
function fail(heartbeatMs: number, ticks: number, rttMs: number, random: Random): Trial {
  // The members' tickers have independent phases, and the last heartbeat came at a random time.
  const phases = [random.next() * heartbeatMs, random.next() * heartbeatMs];
  const stands = (fromMs: number, phase: number): number => {
    const needed = ticks + Math.floor(random.next() * ticks);
    return phase + (Math.floor((fromMs - phase) / heartbeatMs) + needed) * heartbeatMs;
  };
  let candidates = phases.map((phase) => stands(-random.next() * heartbeatMs, phase));
  for (let split = false; ; split = true) {
    const [first, second] = [...candidates].sort((a, b) => a - b);
    if (second - first >= rttMs / 2) return { tookMs: first + 4 * rttMs, split };
    candidates = candidates.map((stoodMs, index) => stands(stoodMs + rttMs, phases[index]));
  }
}

function main(): void {
  const { values } = parseArgs({ options: { rtt: { type: "string" } } });
  const rttMs = Number(values.rtt ?? RoundTripTimes.digitalOcean().between("nyc3", "sgp1"));
  if (!(rttMs > 0)) throw new Error(`--rtt: given ${values.rtt ?? ""}; expected milliseconds, above 0`);
  const random = new Random(SEED);
  const rows = SETTINGS.map(([heartbeatMs, ticks]) => {
    const trials = Array.from({ length: TRIALS }, () => fail(heartbeatMs, ticks, rttMs, random));
    const times = trials.map(({ tookMs }) => tookMs);
    const share = (holds: (trial: Trial) => boolean): number => trials.filter(holds).length / TRIALS;
    const inTime = share(({ tookMs }) => tookMs <= WORST_MS) ** ROUNDS;
    return [
      `${heartbeatMs}/${heartbeatMs * ticks}`,
      seconds(median(times)),
      seconds(quantile(times, 0.99)),
      `${Math.round(100 * share(({ split }) => split))} %`,
      `${Math.round(100 * inTime)} %`,
    ];
  });
  const heads = [
    "heartbeat/election ms",
    "median",
    "p99",
    "split votes",
    `all of ${ROUNDS} within ${seconds(WORST_MS)}`,
  ];
  console.log(`Survivors ${rttMs} ms apart, ${TRIALS} trials each:\n\n${markdownTable(heads, rows)}`);
}

main();
