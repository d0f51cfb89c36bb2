/**
 * `npm run bench:wan-tuning`: the effect of the library's timeouts, leader placement and client settings, on bare etcd
 * clusters over the lab's WAN. See --help.
 */
import { parseArgs } from "node:util";
import { buildWan, writeAtomically } from "terraform-lab";
import { enclosed } from "../../rig/enclosure";
import type { NetworkCondition } from "../../rig/network";
import { ensureRigEtcd, Rig } from "../../rig/rig";
import { ensureProbe, ensureWorkload } from "../../programs";
import { about, STAND_INS } from "./about";
import { failoverTrials, profileTrials, trialName, type Trial } from "./clusters";
import { electionsTable, measureElections } from "./elections";
import { failoverTable, measureFailovers } from "./failover";
import { latencyTables, measureLatencies } from "./latency";
import { measureTransfers, transferTable } from "./transfer";
import { CALM, CALM_FIVE, CONDITIONS, TIMES } from "./settings";

const HELP = `npm run bench:wan-tuning [-- options]

  --parts LIST     of elections, failover, latency, transfer, comma separated (default: all)
  --trials LIST    of elections and failover only these clusters: SETTING/CONDITION, "balanced/fair"; conditions are calm, good
                   (0.1 %, 3 ms), fair (1 %, 10 ms), bad (3 %, 20 ms); see --list
  --list           print the names of all trials
  --rounds N       power losses, or transfers, for each cluster (default 20)
  --minutes N      how long mistaken elections are counted (default 60)
  --json FILE      also write all results there, as they come
  --help

Progress goes to stderr, Markdown tables to stdout. Needs root on Linux, Go, openssl and util-linux. Everything runs in
namespaces of its own, which end with it.`;

interface Options {
  readonly parts: readonly string[];
  /** Names of trials. @default - all */
  readonly trials?: readonly string[];
  readonly rounds: number;
  readonly minutes: number;
  readonly json?: string;
}

/** A part of the bench, with a rig of its own. */
interface Part {
  readonly conditions: readonly NetworkCondition[];
  /** Measures, calling `report` with intermediate results, and returns tables for a document. */
  readonly measure: (rig: Rig, options: Options, report: (results: unknown) => void) => Promise<string>;
}

const PARTS: Readonly<Record<string, Part>> = {
  elections: {
    conditions: CONDITIONS,
    measure: async (rig, { minutes, trials }, report) =>
      electionsTable(await measureElections(rig, chosen(profileTrials(), trials), minutes, report, progress)),
  },
  failover: {
    conditions: [CALM, ...CONDITIONS],
    measure: async (rig, { rounds, trials }, report) =>
      failoverTable(await measureFailovers(rig, chosen(failoverTrials(), trials), rounds, report, progress)),
  },
  latency: {
    conditions: [CALM, CALM_FIVE],
    measure: async (rig, _options, report) => latencyTables(await measureLatencies(rig, report, progress)),
  },
  transfer: {
    conditions: [CALM],
    measure: async (rig, { rounds }, report) => {
      const results = await measureTransfers(rig, rounds, progress);
      report(results);
      return transferTable(results);
    },
  },
};

function chosen(trials: readonly Trial[], names?: readonly string[]): readonly Trial[] {
  return trials.filter((trial) => names?.includes(trialName(trial)) ?? true);
}

function progress(line: string): void {
  console.error(`${new Date().toISOString().slice(11, 19)} ${line}`);
}

function parseOptions(): Options | undefined {
  const { values } = parseArgs({
    options: {
      parts: { type: "string", default: Object.keys(PARTS).join(",") },
      trials: { type: "string" },
      list: { type: "boolean", default: false },
      rounds: { type: "string", default: "20" },
      minutes: { type: "string", default: "60" },
      json: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return undefined;
  }
  const known = [...new Set([...failoverTrials(), ...profileTrials()].map(trialName))];
  if (values.list) {
    console.log(known.join("\n"));
    return undefined;
  }
  const trials = values.trials?.split(",");
  const strange = trials?.filter((name) => !known.includes(name)) ?? [];
  if (strange.length > 0) throw new Error(`--trials: given ${strange.join(", ")}; expected of ${known.join(", ")}`);
  const parts = values.parts.split(",");
  const unknown = parts.filter((part) => !(part in PARTS));
  if (unknown.length > 0)
    throw new Error(`--parts: given ${unknown.join(", ")}; expected ${Object.keys(PARTS).join(", ")}`);
  return {
    parts,
    trials,
    rounds: positive("--rounds", values.rounds),
    minutes: positive("--minutes", values.minutes),
    json: values.json,
  };
}

function positive(option: string, given: string): number {
  const value = Number(given);
  if (!(value > 0)) throw new Error(`${option}: given ${JSON.stringify(given)}; expected a number above 0`);
  return value;
}

async function measure(root: string, options: Options): Promise<void> {
  const results: Record<string, unknown> = { about: about(), standIns: STAND_INS };
  console.log(`${STAND_INS}\n`);
  for (const name of options.parts) {
    const { conditions, measure } = PARTS[name];
    progress(`${name}: starting`);
    const rig = await Rig.up({ root, times: { p50: (a, b) => TIMES.between(a, b) }, conditions, progress });
    const stop = tearDownWhenInterrupted(rig);
    try {
      const table = await measure(rig, options, (part) => {
        results[name] = part;
        if (options.json !== undefined) writeAtomically(options.json, JSON.stringify(results, undefined, 2), 0o644);
      });
      console.log(`### ${name}\n\n${table}\n`);
    } finally {
      stop();
      await rig.down();
    }
  }
}

/** Takes the rig down on SIGINT or SIGTERM; returns how to remove that handler. */
function tearDownWhenInterrupted(rig: Rig): () => void {
  const interrupted = (): void => {
    void rig.down().finally(() => process.exit(130));
  };
  process.once("SIGINT", interrupted).once("SIGTERM", interrupted);
  return () => {
    process.off("SIGINT", interrupted).off("SIGTERM", interrupted);
  };
}

async function prepare(): Promise<void> {
  await ensureRigEtcd(progress);
  await ensureWorkload(progress);
  await ensureProbe(progress);
  await buildWan();
}

async function main(): Promise<void> {
  const options = parseOptions();
  if (options === undefined) return;
  await enclosed(prepare, (root) => measure(root, options));
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  // Exits at once, because rounds of other clusters may still be running.
  process.exit(1);
});
