/**
 * `npm run bench:leader-return [-- --rounds N] [--json FILE]`: in a deployed cluster with all defaults, the leader's
 * machine loses power and gets it back. Measures the time until the next write is acknowledged and the time until the
 * timers have returned leadership to that machine; counts the transfers, and times the writes of clients on the other
 * continents meanwhile.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { deploy, Lab, LabDroplet, LabPaths, waitFor } from "terraform-lab";
import { RoundTripTimes, Tuning } from "../../lib/wan";
import { nearestFirst } from "../../lib/wan/nearest";
import { LabCluster } from "../lab-cluster";
import { ensureWorkload } from "../programs";
import definition from "../lab.config";
import { firstAcknowledged } from "../workload/first-acknowledged";
import { argvOf, recommendedLimits } from "../workload/flags";
import { markdownTable, seconds } from "../figures/markdown";
import { OperationLog, type Operation } from "../workload/operation-log";
import { median, worst } from "../figures/statistics";

const LEADER = "etcd-lon1";
const WRITES_PER_SECOND = 10;
/** Longer than any measured wait should take. */
const GIVE_UP_SECONDS = 300;

interface Round {
  /** From the loss of power to the first acknowledgement of a write started after it. */
  readonly failoverMs: number;
  /** From the machine's power-on until it leads again. */
  readonly backAfterPowerMs: number;
  /** From its etcd being healthy until it leads again. */
  readonly backAfterHealthyMs: number;
  /** Changes of leader from the machine's return until it leads again. */
  readonly transfers: number;
  /** The slowest write of a client with the recommended deadline, from the machine's return until after it leads again. */
  readonly worstStallMs: number;
  readonly failed: number;
}

/** A client in the network namespace of a member's machine; the program and its files are the host's. */
class Client {
  private readonly log: OperationLog;

  private constructor(
    private readonly child: ChildProcess,
    file: string,
  ) {
    this.log = new OperationLog(file);
  }

  public static async start(on: LabDroplet, cluster: LabCluster, paths: LabPaths, workload: string): Promise<Client> {
    const access = path.join(paths.access, "operator");
    const directory = path.join(paths.root, "clients");
    mkdirSync(directory, { recursive: true });
    const file = path.join(directory, `${on.name}.jsonl`);
    writeFileSync(file, "");
    const roundTripTimes = RoundTripTimes.digitalOcean();
    const locations = cluster.machines.map((machine) => machine.region);
    const tuning = Tuning.derive({ roundTripTimes, memberLocations: locations });
    const placed = cluster.machines.map((machine) => ({ machine, location: machine.region }));
    const nearest = nearestFirst(roundTripTimes, on.region, placed).map(({ machine }) => machine);
    const flags = {
      endpoints: nearest.map((machine) => cluster.clientUrl(machine)).join(","),
      cacert: `${access}/ca.crt`,
      cert: `${access}/client.crt`,
      key: `${access}/client.key`,
      name: on.name,
      out: file,
      mode: "recommended",
      rate: WRITES_PER_SECOND,
      seconds: 86_400,
      ...recommendedLimits(tuning),
    };
    const child = spawn("nsenter", [`--net=/run/netns/lab-${on.id}`, workload, "run", ...argvOf(flags)], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    const client = new Client(child, file);
    await until("the first write", () => client.operations().some(({ ok }) => ok));
    return client;
  }

  /** Its operations since the last call. */
  public operations(): Operation[] {
    return this.log.next();
  }

  public stop(): void {
    this.child.kill("SIGTERM");
  }
}

async function until(what: string, condition: () => boolean | Promise<boolean>, everyMs = 100): Promise<number> {
  await waitFor(what, condition, GIVE_UP_SECONDS, everyMs);
  return Date.now();
}

async function round(lab: Lab, cluster: LabCluster, clients: readonly Client[]): Promise<Round> {
  const london = cluster.machine(LEADER);
  const others = cluster.machines.filter((machine) => machine !== london);
  const operations: Operation[] = [];
  const collect = (): Operation[] => {
    operations.push(...clients.flatMap((client) => client.operations()));
    return operations;
  };
  // The timers wait longer after repeated losses; without their memory, each round is the first.
  for (const machine of cluster.machines) await cluster.on(machine, "rm -f /run/etcd-leader/*");
  await sleep(3000 + Math.random() * 2000);

  collect();
  operations.length = 0;
  const wan = lab.wan();
  // Isolated first, so that no connection is closed as its processes are killed.
  const powerLost = Date.now();
  await wan.isolate(String(london.id));
  await lab.api().power(london, "power_off");
  const acknowledged = (): number | undefined => firstAcknowledged(collect(), powerLost);
  await until("a write without London", () => acknowledged() !== undefined, 20);
  const failoverMs = (acknowledged() ?? NaN) - powerLost;
  await sleep(5000);

  const powerOn = Date.now();
  const { term } = await cluster.view(others[0]);
  await lab.api().power(london, "power_on");
  const healthy = await until("London healthy", () => cluster.healthy([london]));
  const leads = async (): Promise<boolean> => (await cluster.view(london).catch(() => undefined))?.leads === true;
  const back = await until("the leader back in London", leads, 250);
  await sleep(3000);
  const after = collect().filter(({ dueMs }) => dueMs > powerOn);
  return {
    failoverMs,
    backAfterPowerMs: back - powerOn,
    backAfterHealthyMs: back - healthy,
    transfers: (await cluster.view(london)).term - term,
    worstStallMs: worst(after.map(({ dueMs, endMs }) => endMs - dueMs)),
    failed: operations.filter(({ ok }) => !ok).length,
  };
}

function table(rounds: readonly Round[]): string {
  const row = (title: string, values: readonly number[]): string[] => [
    title,
    seconds(median(values)),
    seconds(worst(values)),
  ];
  return markdownTable(
    [`${rounds.length} rounds`, "median", "worst"],
    [
      row(
        "next write after the leader's power was lost",
        rounds.map((one) => one.failoverMs),
      ),
      row(
        "leader back, from the power button",
        rounds.map((one) => one.backAfterPowerMs),
      ),
      row(
        "leader back, from etcd being healthy there",
        rounds.map((one) => one.backAfterHealthyMs),
      ),
      row(
        "slowest write of a recommended client meanwhile",
        rounds.map((one) => one.worstStallMs),
      ),
    ],
  );
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { rounds: { type: "string", default: "20" }, json: { type: "string" } },
  });
  const paths = new LabPaths(path.resolve(".lab-bench"));
  const lab = new Lab(definition, paths, (line) => {
    console.error(line);
  });
  const rounds: Round[] = [];
  const clients: Client[] = [];
  try {
    const workload = await ensureWorkload(console.error);
    await lab.down();
    const config = await lab.up();
    mkdirSync(paths.root, { recursive: true });
    await deploy({
      env: lab.environment(config),
      operator: lab.operator(),
      logFile: path.join(paths.root, "bench.log"),
    });
    const cluster = await LabCluster.of(lab, paths);
    for (const machine of cluster.machines.filter(({ name }) => name !== LEADER)) {
      clients.push(await Client.start(machine, cluster, paths, workload));
    }
    for (let i = 0; i < Number(values.rounds); i += 1) {
      const one = await round(lab, cluster, clients);
      rounds.push(one);
      console.error(
        `round ${i + 1}: ${JSON.stringify(one, (_key, value: unknown) => (typeof value === "number" ? Math.round(value) : value))}`,
      );
      if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(rounds, null, 2));
    }
  } finally {
    for (const client of clients) client.stop();
    await lab.down();
  }
  console.log(table(rounds));
  console.log(`\ntransfers per return: ${[...new Set(rounds.map((one) => one.transfers))].sort().join(", ")}`);
  console.log(`failed writes: ${rounds.reduce((sum, one) => sum + one.failed, 0)}`);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
