import * as path from "node:path";
import { attempt, Lab, LabDroplet, LabPaths, waitUntil } from "terraform-lab";
import { QuorumModel, RoundTripTimes } from "../lib/wan";
import { clientEnvironment, EtcdStatus, etcdStatus } from "./etcd/status";
import { etcdIn } from "./etcd/in-lab";
import { median } from "./figures/statistics";
import { OpenSession } from "./etcd/open-session";

const PUT_URL = "https://127.0.0.1:2379/etcdserverpb.KV/Put";
/** A gRPC message with a PutRequest of /lab/probe = 1, in printf's octal escapes. */
const PUT = "\\000\\000\\000\\000\\017\\012\\012/lab/probe\\022\\0011";
const PUT_FILE = "/run/lab-put";
/** A put by gRPC, which is quicker than starting etcdctl and needs no JSON gateway. Its status is in the trailers. */
const CURL_PUT =
  "curl -sSf --http2 --cacert $ETCDCTL_CACERT --cert $ETCDCTL_CERT --key $ETCDCTL_KEY -H content-type:application/grpc " +
  `-H te:trailers --data-binary @${PUT_FILE} -D -`;
const PUT_DONE = "grpc-status: 0";

/** The result of etcdctl or of another command. */
export interface EtcdctlResult {
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** The cluster that is deployed into a lab, for its operator and for commands on its machines. */
export class LabCluster {
  public static async of(lab: Lab, paths: LabPaths): Promise<LabCluster> {
    // A droplet that is still "new" has no machine.
    const machines = (await lab.api().droplets()).filter((droplet) => droplet.status !== "new");
    return new LabCluster(lab, paths, machines);
  }

  private constructor(
    private readonly lab: Lab,
    private readonly paths: LabPaths,
    public readonly machines: readonly LabDroplet[],
  ) {}

  public machine(name: string): LabDroplet {
    const found = this.machines.find((machine) => machine.name === name);
    if (found === undefined) throw new Error(`no machine ${name} among ${this.machines.map((m) => m.name).join(", ")}`);
    return found;
  }

  public clientUrl(machine: LabDroplet): string {
    return `https://${machine.publicAddress ?? ""}:2379`;
  }

  /** A client's environment for etcdctl, by default the operator's, with all members as endpoints. */
  public environment(machines: readonly LabDroplet[] = this.machines, client = "operator"): Record<string, string> {
    const endpoints = machines.map((machine) => this.clientUrl(machine));
    const env = clientEnvironment(this.paths, client, endpoints);
    if (env === undefined) throw new Error(`the files of ${client} are not in ${this.paths.access}`);
    return env;
  }

  /** Runs etcdctl as the operator. */
  public async etcdctl(args: readonly string[], env = this.environment()): Promise<EtcdctlResult> {
    const etcdctl = path.join(etcdIn(this.paths).binDir, "etcdctl");
    const { status, stdout, stderr } = await attempt([etcdctl, ...args], { env, timeoutMs: 60_000 });
    return { ok: status === 0, stdout, stderr };
  }

  /** Runs etcdctl as a client, through these members. */
  public as(client: string, args: readonly string[], machines = this.machines): Promise<EtcdctlResult> {
    return this.etcdctl(args, this.environment(machines, client));
  }

  /** Starts an etcdctl of a client's that keeps something open through one member. */
  public open(client: string, args: readonly string[], machine: LabDroplet): OpenSession {
    const etcdctl = path.join(etcdIn(this.paths).binDir, "etcdctl");
    return new OpenSession([etcdctl, ...args], this.environment([machine], client));
  }

  /** Runs a command in a login shell of root on a machine. */
  public async on(machine: LabDroplet, command: string): Promise<EtcdctlResult> {
    const result = await this.lab.driver().exec(machine.id, ["/bin/bash", "-lc", command], { timeoutMs: 60_000 });
    return { ok: result.status === 0, stdout: result.stdout, stderr: result.stderr };
  }

  /** Transfers leadership from the leader, the member on machine `from`, to the member `to`. */
  public moveLeader(from: LabDroplet, to: string): Promise<EtcdctlResult> {
    return this.on(from, `etcdctl move-leader $(etcdctl member list | awk -F', ' '$3 == "${to}" { print $1 }')`);
  }

  public status(): Promise<EtcdStatus> {
    return etcdStatus(path.join(etcdIn(this.paths).binDir, "etcdctl"), this.environment());
  }

  /**
   * Whether the member on a machine leads, and Raft's term, both as it knows them. Every change of leader increases the
   * term.
   *
   * @throws Error if it does not answer
   */
  public async view(machine: LabDroplet): Promise<{ leads: boolean; term: number }> {
    const { ok, stdout, stderr } = await this.on(machine, "etcdctl endpoint status -w fields");
    if (!ok) throw new Error(`${machine.name} does not tell its status: ${stderr}`);
    // Some fields occur twice.
    const field = (name: string): string | undefined => new RegExp(`^"${name}" : (\\d+)$`, "m").exec(stdout)?.[1];
    const leader = field("Leader");
    return { leads: leader !== undefined && leader === field("MemberID"), term: Number(field("RaftTerm")) };
  }

  /**
   * Milliseconds that a write takes for a client on this machine through the member there: the median of nine on one
   * connection, without its handshake.
   */
  public async writeMs(machine: LabDroplet): Promise<number> {
    const { ok, stdout, stderr } = await this.on(
      machine,
      `printf '${PUT}' >${PUT_FILE}; ${CURL_PUT} -w 'took %{time_total}\\n' ${`-o /dev/null ${PUT_URL} `.repeat(10)}`,
    );
    const times = [...stdout.matchAll(/^took ([\d.]+)$/gm)].map((match) => Number(match[1]) * 1000);
    if (!ok || stdout.split(PUT_DONE).length !== 11 || times.length !== 10) {
      throw new Error(`writes on ${machine.name} failed: ${stderr}${stdout.slice(0, 300)}`);
    }
    return median(times.slice(1));
  }

  /** Repeats a write through the member on this machine until it is acknowledged. */
  public async untilWritten(machine: LabDroplet, seconds: number): Promise<void> {
    const { ok } = await this.on(
      machine,
      // Without a leader, an attempt hangs: repeat it after the longest time that one takes with a leader.
      `printf '${PUT}' >${PUT_FILE}; timeout ${seconds} sh -c 'until ${CURL_PUT} --max-time 0.8 -o /dev/null ${PUT_URL} 2>/dev/null | ` +
        `grep -q "^${PUT_DONE}"; do sleep 0.02; done'`,
    );
    if (!ok) throw new Error(`no write through ${machine.name} was acknowledged within ${seconds} s`);
  }

  /** The model of this cluster's latencies. */
  public model(): QuorumModel {
    return new QuorumModel({
      roundTripTimes: RoundTripTimes.digitalOcean(),
      memberLocations: this.machines.map((machine) => machine.region),
    });
  }

  /** Whether all of these members commit writes. */
  public async healthy(machines: readonly LabDroplet[] = this.machines): Promise<boolean> {
    return (await this.unwell(machines)) === "";
  }

  /** @throws Error with etcdctl's output unless all of these members commit writes */
  public async mustBeHealthy(machines: readonly LabDroplet[] = this.machines): Promise<void> {
    const said = await this.unwell(machines);
    if (said !== "") throw new Error(`not every member commits writes:\n${said}`);
  }

  /** Waits until all of these members commit writes. @throws Error with etcdctl's output if one does not within 60 s */
  public async untilHealthy(machines: readonly LabDroplet[] = this.machines): Promise<void> {
    let said = "";
    const healthy = async (): Promise<boolean> => (said = await this.unwell(machines)) === "";
    if (!(await waitUntil(healthy, 60_000, 500))) {
      throw new Error(`not every member commits writes within 60 s:\n${said}`);
    }
  }

  /** etcdctl's output if one of these members does not commit writes; else empty. */
  private async unwell(machines: readonly LabDroplet[]): Promise<string> {
    const { ok, stdout, stderr } = await this.etcdctl(["endpoint", "health"], this.environment(machines));
    return ok ? "" : `${stdout}${stderr}` || "etcdctl ended without a word";
  }
}
