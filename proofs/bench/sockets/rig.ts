import { spawn } from "node:child_process";
import * as path from "node:path";
import { type Progress, run, WanClient } from "terraform-lab";
import { RoundTripTimes, Tuning } from "../../../lib/wan";
import type { RigCluster } from "../../rig/cluster";
import type { RigMember } from "../../rig/member";
import { locationName, type NetworkCondition } from "../../rig/network";
import { Rig } from "../../rig/rig";
import { KERNEL_DEFAULTS, type Case } from "./kernel";
import { ensureSockets } from "../../programs";

/** The peer port, to which peers open the connections of streams; also the number of their routing table and rule. */
const STREAMS = "2380";
const REGIONS = ["lon1", "nyc3", "sgp1"];
const CALM: NetworkCondition = { name: "calm", regions: REGIONS };

/**
 * Few enough entries in memory and in the log for dozens of rounds of large values; and enough that a member which is
 * 200 MB behind gets entries and not a snapshot.
 */
const LOG_SETTINGS = { ETCD_SNAPSHOT_COUNT: "1000", ETCD_SNAPSHOT_CATCHUP_ENTRIES: "1000" };

/** Three members on three continents with London leading, and a program that loads the paths between them. */
export class SocketRig {
  public static async up(root: string, progress: Progress): Promise<SocketRig> {
    Object.assign(process.env, LOG_SETTINGS);
    const program = await ensureSockets(progress);
    const times = RoundTripTimes.digitalOcean();
    const source = { p50: (a: string, b: string): number => times.between(a, b) };
    const rig = await Rig.up({ root, times: source, conditions: [CALM], progress });
    const { heartbeatMs, electionMs } = Tuning.derive({ roundTripTimes: times, memberLocations: REGIONS });
    const cluster = await rig.cluster({ name: "sockets", condition: CALM, heartbeatMs, electionMs });
    const wan = new WanClient({ stateDir: path.join(root, "wan"), matrix: [] });
    const sockets = new SocketRig(rig, cluster, wan, program, progress);
    await sockets.settle();
    return sockets;
  }

  public readonly leader: RigMember;
  public readonly near: RigMember;
  public readonly far: RigMember;

  private constructor(
    private readonly rig: Rig,
    private readonly cluster: RigCluster,
    public readonly wan: WanClient,
    private readonly program: string,
    public readonly progress: Progress,
  ) {
    this.leader = cluster.member("lon1");
    this.near = cluster.member("nyc3");
    this.far = cluster.member("sgp1");
  }

  public down(): Promise<void> {
    return this.rig.down();
  }

  /** A member's location on the WAN. */
  public locationOf(member: RigMember): string {
    return locationName(CALM, member.region);
  }

  /** Applies a case to the kernels of all hosts, drops their TCP metrics, and restarts members to get new connections. */
  public async use(one: Case): Promise<void> {
    await this.setKernels(one);
    // One at a time, for the quorum. All of the leader's peer connections are with one of these two.
    for (const member of [this.near, this.far]) {
      await member.losePower();
      await member.returnPower();
      await this.settle();
    }
  }

  /** The same without restarts: for connections that are yet to be made. */
  public async setKernels(one: Case): Promise<void> {
    await Promise.all([this.leader, this.near, this.far].map((member) => this.setKernel(member, one)));
  }

  public async setKernel(
    member: RigMember,
    { sysctls, congestionControl = "cubic", streamCongestionControl, initialWindow }: Case,
  ): Promise<void> {
    const all = Object.entries({ ...KERNEL_DEFAULTS, ...sysctls }).map(([name, value]) => `${name}=${value}`);
    await member.host.run(["sysctl", "-q", "-w", ...all], 10_000);
    await member.host.run(["ip", "tcp_metrics", "flush"], 10_000);
    const byDefault = async (...options: string[]): Promise<void> => {
      await member.host.run(["ip", "route", "replace", "default", "dev", "wan0", ...options], 10_000);
    };
    await byDefault(
      ...["congctl", congestionControl],
      ...(initialWindow === undefined ? [] : ["initcwnd", String(initialWindow)]),
    );
    // The streams' table has only this route, so a case without a setting for streams uses the default for them too.
    await byDefault("congctl", streamCongestionControl ?? congestionControl, "table", STREAMS);
    const rules = await member.host.run(["ip", "rule", "show", "pref", STREAMS], 10_000);
    if (rules.trim() === "") {
      const streams = ["ipproto", "tcp", "sport", STREAMS];
      await member.host.run(["ip", "rule", "add", "pref", STREAMS, ...streams, "lookup", STREAMS], 10_000);
    }
  }

  /** Waits until every member is healthy and London leads. */
  public async settle(): Promise<void> {
    await this.cluster.untilHealthy(120_000);
    await this.cluster.placeLeader(this.leader.region);
  }

  /** Takes a sample. One that fails, for example because of an election, is reported and not counted. */
  public async sample(what: string, take: () => Promise<void>): Promise<void> {
    try {
      await take();
      this.progress(what);
    } catch (error) {
      this.progress(`${what}: not counted: ${error instanceof Error ? error.message : String(error)}`);
      if (!this.far.isPowered) await this.far.returnPower();
      await this.settle();
    }
  }

  /** Runs the program on a member's host, as a client of that member; returns its answer. */
  public async answer(member: RigMember, argv: readonly string[]): Promise<unknown> {
    return parse(await member.host.run(this.clientOf(member, argv), 900_000));
  }

  /** The same, run at the operator's location. */
  public async answerOfOperator(member: RigMember, argv: readonly string[]): Promise<unknown> {
    return parse(await run(this.clientOf(member, argv)));
  }

  /** Runs the receiver on one host and, once it listens, the sender on another; returns both answers. */
  public async transfer(
    from: RigMember,
    to: RigMember,
    sender: readonly string[],
    receiver: readonly string[],
  ): Promise<{ readonly sent: unknown; readonly received: unknown }> {
    const inside = ["nsenter", `--net=/run/netns/etcdrig-${to.host.name}`, "nice", "-n", "-10"];
    const [file = "", ...args] = [...inside, this.program, ...receiver];
    const child = spawn(file, args, { stdio: ["ignore", "pipe", "inherit"] });
    let output = "";
    const ended = new Promise<void>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => {
        if (code === 0) resolve();
        else reject(new Error(`${receiver[0] ?? ""} ended with ${code ?? "a signal"}`));
      });
    });
    await new Promise<void>((resolve, reject) => {
      child.stdout.on("data", (chunk: Buffer) => {
        output += chunk.toString();
        if (output.includes("ready")) resolve();
      });
      ended.catch(reject);
    });
    try {
      const sent = parse(await from.host.run([this.program, ...sender], 900_000));
      await ended;
      return { sent, received: parse(output) };
    } finally {
      child.kill("SIGKILL");
    }
  }

  /** How many snapshots a member has received since it started. */
  public async snapshotsReceived(member: RigMember): Promise<number> {
    const { ca, cert, key } = this.rig.client;
    const files = ["--cacert", ca, "--cert", cert, "--key", key];
    const metrics = await member.host.run(["curl", "-sS", ...files, "https://127.0.0.1:2379/metrics"], 30_000);
    const counts = [...metrics.matchAll(/^etcd_network_snapshot_receive_success\{.*\} (\d+)$/gm)];
    return counts.reduce((sum, [, count]) => sum + Number(count), 0);
  }

  /** Runs an action while packets between all members are lost at a rate. */
  public async withLoss<T>(percent: number, action: () => Promise<T>): Promise<T> {
    const [a, b, c] = [this.leader, this.near, this.far].map((member) => this.locationOf(member));
    const pairs = [[a, b], [a, c], [b, c]] as const; // prettier-ignore
    try {
      for (const [from, to] of pairs) await this.wan.link({ a: from, b: to, loss: percent });
      return await action();
    } finally {
      for (const [from, to] of pairs) await this.wan.heal(from, to);
    }
  }

  /** Drops larger packets to and from Singapore without an ICMP error (a PMTU black hole); returns how to end that. */
  public async swallowAbove(bytes: number): Promise<() => Promise<void>> {
    const far = this.far.host.address;
    const hosts = [this.near, this.far, this.leader].map(({ host }) => host);
    for (const host of hosts) {
      // At the receiver: at the sender, several packets may still be one segment (GSO).
      const which = host === this.far.host ? "" : `ip saddr ${far} `;
      const rules = `table ip blackhole { chain input { type filter hook input priority -200; iif wan0 ${which}meta length > ${bytes} drop; }; }`;
      await host.run(["nft", rules], 10_000);
    }
    return async () => {
      for (const host of hosts) await host.run(["nft", "delete table ip blackhole"], 10_000);
    };
  }

  private clientOf(member: RigMember, [command = "", ...options]: readonly string[]): string[] {
    const { ca, cert, key } = this.rig.client;
    const files = ["-endpoint", member.endpoint, "-cacert", ca, "-cert", cert, "-key", key];
    return [this.program, command, ...files, ...options];
  }
}

function parse(text: string): unknown {
  return JSON.parse(text.replace(/^ready\n/, ""));
}
