import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import * as path from "node:path";
import { run } from "terraform-lab";
import { BareEtcd, isHealthy, memberFlags } from "../../../proofs/etcd/bare-etcd";

interface Member {
  readonly name: string;
  readonly clientUrl: string;
  readonly peerUrl: string;
  etcd?: BareEtcd;
}

/** Three members of a real etcd on ports of their own on 127.0.0.1, without TLS. */
export class LoopbackCluster {
  private constructor(
    private readonly binDir: string,
    private readonly dir: string,
    private readonly members: readonly Member[],
  ) {}

  public static async start(binDir: string, dir: string): Promise<LoopbackCluster> {
    const ports = await freePorts(6);
    const members = ["a", "b", "c"].map((name, index) => ({
      name,
      clientUrl: `http://127.0.0.1:${ports[2 * index]}`,
      peerUrl: `http://127.0.0.1:${ports[2 * index + 1]}`,
    }));
    const cluster = new LoopbackCluster(binDir, dir, members);
    for (const { name } of members) cluster.startMember(name);
    try {
      await Promise.all(cluster.members.map(async ({ etcd }) => etcd?.untilAnswers()));
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  public get endpoints(): string {
    return this.members.map((member) => member.clientUrl).join(",");
  }

  /** Starts a member, for the first time or with the data that it has. */
  public startMember(name: string): void {
    const member = this.member(name);
    const dataDirectory = path.join(this.dir, name);
    member.etcd = BareEtcd.start({
      program: path.join(this.binDir, "etcd"),
      flags: {
        ...memberFlags({ ...member, dataDirectory }),
        "initial-cluster": this.members.map((one) => `${one.name}=${one.peerUrl}`).join(","),
      },
      log: `${dataDirectory}.log`,
      answers: () => isHealthy(member.clientUrl),
    });
  }

  public async signal(name: string, signal: NodeJS.Signals): Promise<void> {
    const { etcd } = this.member(name);
    if (signal === "SIGKILL") await etcd?.kill();
    else etcd?.signal(signal);
  }

  public async leader(): Promise<string> {
    const status = JSON.parse(await this.etcdctl("endpoint", "status", "-w", "json")) as {
      Endpoint: string;
      Status: { leader: number; header: { member_id: number } };
    }[];
    // Two ids beyond 2^53 could be rounded to the same number, once in a thousand years of test runs.
    const leading = status.find(({ Status }) => Status.leader === Status.header.member_id);
    const member = this.members.find(({ clientUrl }) => clientUrl === leading?.Endpoint);
    if (member === undefined) throw new Error("the cluster has no leader");
    return member.name;
  }

  public async etcdctl(...args: string[]): Promise<string> {
    const flags = ["--endpoints", this.endpoints, "--dial-timeout", "20s", "--command-timeout", "20s"];
    return run([path.join(this.binDir, "etcdctl"), ...flags, ...args]);
  }

  public async stop(): Promise<void> {
    for (const { name } of this.members) await this.signal(name, "SIGKILL");
  }

  private member(name: string): Member {
    const member = this.members.find((one) => one.name === name);
    if (member === undefined) throw new Error(`there is no member ${name}`);
    return member;
  }
}

/** Ports that were free a moment ago; all are held until the last is known, so that they differ. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, "127.0.0.1");
      await once(server, "listening");
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), "close")));
  return ports;
}
