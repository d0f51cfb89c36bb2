/**
 * Measures the WAN on this machine: the accuracy of its round-trip times, idle and under load, and its packet rate. It
 * makes network namespaces and removes them again. Needs root and about 25 s. `--json` prints one JSON document instead
 * of tables.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { attempt, run } from "../tools/command";
import { buildWan } from "./build";
import { WanClient } from "./client";
import type { PairSettings } from "./protocol";
import { parseStat } from "../tools/process-record";

interface ProbeAnswer {
  readonly sent: number;
  readonly received: number;
  readonly reordered: number;
  readonly medianMs: number;
  readonly p99Ms: number;
}

interface FloodAnswer {
  readonly packets: number;
  readonly seconds: number;
  readonly packetsPerSecond: number;
}

interface RoundTrip {
  readonly pair: string;
  readonly wantedMs: number;
  readonly medianMs: number;
  readonly errorMs: number;
  readonly p99Ms: number;
  readonly received: string;
}

interface Throughput {
  readonly bytes: number;
  /** Rate of delivery under more load than can be delivered. */
  readonly floodedPps: number;
  /** The highest rate tried at which less than 0.1 % was lost. */
  readonly sustainedPps: number;
  readonly sustainedMbps: number;
  /** Of one processor, at that rate. */
  readonly switchCpuPercent: number;
}

const SITES = [
  { region: "lon1", ip: "198.18.1.10" },
  { region: "nyc3", ip: "198.18.2.10" },
  { region: "sgp1", ip: "198.18.3.10" },
] as const;

const PAIRS = [
  { from: 0, to: 1, rttMs: 78 },
  { from: 0, to: 2, rttMs: 167 },
  { from: 1, to: 2, rttMs: 224 },
] as const;

const PREFIX = "wanbench";
const ECHO_PORT = 7;
const SINK_PORT = 9;
const LOAD_PPS = 20_000;

class Bench {
  private readonly directory = mkdtempSync(join(tmpdir(), `${PREFIX}-`));
  private readonly children: ChildProcess[] = [];
  private readonly wan: WanClient;

  constructor(private readonly program: string) {
    const matrix: PairSettings[] = PAIRS.map(({ from, to, rttMs }) => ({
      a: SITES[from].region,
      b: SITES[to].region,
      rttMs,
    }));
    for (const { region } of SITES) {
      matrix.push({ a: region, b: region, rttMs: 0.5 });
      matrix.push({ a: "operator", b: region, rttMs: 2 }, { a: "mirror", b: region, rttMs: 1 });
    }
    matrix.push({ a: "operator", b: "mirror", rttMs: 1 });
    this.wan = new WanClient({
      stateDir: this.directory,
      operatorNamespace: `/run/netns/${this.namespace("op")}`,
      matrix,
    });
  }

  async setUp(): Promise<string> {
    await removeStale();
    for (const name of ["op", ...SITES.map((site) => site.region)]) {
      await run(["ip", "netns", "add", this.namespace(name)]);
      await run(["ip", "-n", this.namespace(name), "link", "set", "lo", "up"]);
    }
    const { scheduler } = await this.wan.start();
    for (const { region, ip } of SITES) {
      await this.wan.attach({
        id: region,
        netns: `/run/netns/${this.namespace(region)}`,
        device: "wan0",
        location: region,
        addresses: [{ ip }],
        assigned: [`${ip}/32`],
        routes: ["0.0.0.0/0"],
      });
      await this.background(region, ["echo", "-listen", `${ip}:${ECHO_PORT}`]);
    }
    return scheduler;
  }

  async tearDown(): Promise<void> {
    for (const child of this.children) {
      child.kill("SIGKILL");
    }
    await this.wan.stop();
    for (const name of ["op", ...SITES.map((site) => site.region)]) {
      await attempt(["ip", "netns", "del", this.namespace(name)]);
    }
    rmSync(this.directory, { recursive: true, force: true });
  }

  async roundTrips(): Promise<RoundTrip[]> {
    return Promise.all(
      PAIRS.map(async ({ from, to, rttMs }) => {
        const target = `${SITES[to].ip}:${ECHO_PORT}`;
        const output = await this.foreground(SITES[from].region, [
          "probe",
          "-to",
          target,
          "-count",
          "400",
          "-every",
          "7ms",
        ]);
        const answer = JSON.parse(output) as ProbeAnswer;
        return {
          pair: `${SITES[from].region}-${SITES[to].region}`,
          wantedMs: rttMs,
          medianMs: round(answer.medianMs, 3),
          errorMs: round(answer.medianMs - rttMs, 3),
          p99Ms: round(answer.p99Ms, 3),
          received: `${answer.received}/${answer.sent}`,
        };
      }),
    );
  }

  async roundTripsUnderLoad(): Promise<RoundTrip[]> {
    const sink = this.sink(1);
    const flood = this.flood(1, 64, LOAD_PPS, 3.2);
    const result = await this.roundTrips();
    await Promise.all([flood, sink]);
    return result;
  }

  /** The latest delivery, relative to its due time, since the last call. */
  async worstLateMs(): Promise<number> {
    return round((await this.wan.stats()).worstLateMs, 3);
  }

  async throughput(bytes: number): Promise<Throughput> {
    // 28 bytes of every packet are its headers.
    const flooded = await this.transfer(bytes - 28, 0, 1.5);
    let best = { pps: 0, cpu: 0 };
    for (let share = 0.95; share > 0.3; share -= 0.13) {
      const rate = Math.floor(flooded.pps * share);
      const result = await this.transfer(bytes - 28, rate, 1);
      if (result.lossPercent < 0.1) {
        best = result;
        break;
      }
    }
    return {
      bytes,
      floodedPps: Math.round(flooded.pps),
      sustainedPps: Math.round(best.pps),
      sustainedMbps: Math.round((best.pps * bytes * 8) / 1e6),
      switchCpuPercent: Math.round(best.cpu),
    };
  }

  private async transfer(
    size: number,
    rate: number,
    seconds: number,
  ): Promise<{ readonly pps: number; readonly lossPercent: number; readonly cpu: number }> {
    const { pid } = await this.wan.hello();
    const received = this.sink(1);
    const before = cpuSeconds(pid);
    const sent = await this.flood(1, size, rate, seconds);
    const cpu = ((cpuSeconds(pid) - before) / sent.seconds) * 100;
    const arrived = await received;
    return { pps: arrived.packetsPerSecond, lossPercent: (1 - arrived.packets / sent.packets) * 100, cpu };
  }

  private async sink(site: 0 | 1 | 2): Promise<FloodAnswer> {
    const { region, ip } = SITES[site];
    const output = await this.foreground(region, ["sink", "-listen", `${ip}:${SINK_PORT}`, "-patience", "400ms"]);
    return JSON.parse(output.replace(/^ready\n/, "")) as FloodAnswer;
  }

  private async flood(to: 0 | 1 | 2, size: number, rate: number, seconds: number): Promise<FloodAnswer> {
    const target = `${SITES[to].ip}:${SINK_PORT}`;
    const options = ["-to", target, "-size", String(size), "-rate", String(rate), "-for", `${seconds}s`];
    // The sink's socket must be open first, or the first packets are refused.
    await new Promise((resolve) => setTimeout(resolve, 150));
    return JSON.parse(await this.foreground(SITES[0].region, ["flood", ...options])) as FloodAnswer;
  }

  private namespace(name: string): string {
    return `${PREFIX}-${process.pid}-${name}`;
  }

  private inside(region: string, argv: readonly string[]): string[] {
    return ["nsenter", `--net=/run/netns/${this.namespace(region)}`, this.program, ...argv];
  }

  private foreground(region: string, argv: readonly string[]): Promise<string> {
    return run(this.inside(region, argv), { timeoutMs: 15_000 });
  }

  private async background(region: string, argv: readonly string[]): Promise<void> {
    const [command = "", ...rest] = this.inside(region, argv);
    const child = spawn(command, rest, { stdio: ["ignore", "pipe", "inherit"] });
    this.children.push(child);
    await once(child.stdout, "data");
  }
}

/** Removes the namespaces of a bench that was killed. */
async function removeStale(): Promise<void> {
  const names = (await run(["ip", "netns", "list"])).split("\n").map((line) => line.split(" ")[0] ?? "");
  for (const name of names) {
    const pid = new RegExp(`^${PREFIX}-(\\d+)-`).exec(name)?.[1];
    if (pid !== undefined && (await attempt(["test", "-d", `/proc/${pid}`])).status !== 0) {
      await attempt(["ip", "netns", "del", name]);
    }
  }
}

function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  // User and system time in clock ticks, which Linux shows to programs as hundredths of a second.
  return parseStat(stat).state === "Z" ? 0 : (Number(fields[11]) + Number(fields[12])) / 100;
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

async function main(): Promise<void> {
  const { path } = await buildWan();
  const bench = new Bench(path);
  const interrupted = (): void => {
    void bench.tearDown().finally(() => process.exit(130));
  };
  process.once("SIGINT", interrupted);
  process.once("SIGTERM", interrupted);
  try {
    const scheduler = await bench.setUp();
    await bench.worstLateMs();
    const idle = await bench.roundTrips();
    const idleWorstLateMs = await bench.worstLateMs();
    const loaded = await bench.roundTripsUnderLoad();
    const loadedWorstLateMs = await bench.worstLateMs();
    const throughput = [await bench.throughput(64), await bench.throughput(1428)];
    if (process.argv.includes("--json")) {
      console.log(
        JSON.stringify(
          { scheduler, idle, idleWorstLateMs, loadPps: LOAD_PPS, loaded, loadedWorstLateMs, throughput },
          undefined,
          2,
        ),
      );
      return;
    }
    console.log(
      `Round-trip times, idle (scheduling: ${scheduler}; the latest delivery was ${idleWorstLateMs} ms late)`,
    );
    console.table(idle);
    console.log(
      `Round-trip times beside ${LOAD_PPS} packets per second (the latest delivery was ${loadedWorstLateMs} ms late)`,
    );
    console.table(loaded);
    console.log("Throughput, one way between two machines");
    console.table(throughput);
  } finally {
    await bench.tearDown();
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
