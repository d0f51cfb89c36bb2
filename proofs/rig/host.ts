import { closeSync, openSync } from "node:fs";
import { spawn, type ChildProcess } from "node:child_process";
import { attempt, run, type WanClient } from "terraform-lab";

/** Properties of a host. */
export interface HostProps {
  /** Unique in the rig; with the rig's prefix also the name of its network namespace. */
  readonly name: string;
  readonly location: string;
  readonly address: string;
}

/** Prefix of rigs' namespaces, by which those left by a crash are found. */
const NAMESPACE_PREFIX = "etcdrig-";

/**
 * Prefix for a program, to run it like the WAN at real-time priority or, if that is not allowed, at a higher one: other
 * programs on this machine must not affect the measurement.
 */
export async function aheadOfOthers(): Promise<readonly string[]> {
  const realTime = ["chrt", "--rr", "1"];
  return (await attempt([...realTime, "true"])).status === 0 ? realTime : ["nice", "-n", "-10"];
}

/** Stands in for a machine: a network namespace on the WAN, with processes that can be killed as by a power cut. */
export class RigHost {
  private readonly processes = new Set<ChildProcess>();

  public constructor(
    private readonly wan: WanClient,
    private readonly priority: readonly string[],
    private readonly props: HostProps,
  ) {}

  public get name(): string {
    return this.props.name;
  }
  public get address(): string {
    return this.props.address;
  }

  public async create(): Promise<void> {
    const { name, location, address } = this.props;
    await run(["ip", "netns", "add", this.namespace]);
    await run(["ip", "-n", this.namespace, "link", "set", "lo", "up"]);
    await this.wan.attach({
      id: name,
      netns: `/run/netns/${this.namespace}`,
      device: "wan0",
      location,
      addresses: [{ ip: address }],
      assigned: [`${address}/32`],
      routes: ["0.0.0.0/0"],
    });
  }

  /**
   * Starts a program on the host, with its messages appended to a file. It ends with this process, even if that is killed.
   */
  public spawn(
    argv: readonly string[],
    files: { stdout?: string; stderr: string },
    env?: NodeJS.ProcessEnv,
  ): ChildProcess {
    const stderr = openSync(files.stderr, "a");
    const stdout = files.stdout === undefined || files.stdout === files.stderr ? stderr : openSync(files.stdout, "a");
    try {
      const child = spawn("nsenter", this.inside(argv), {
        stdio: ["ignore", stdout, stderr],
        env: { ...process.env, ...env },
      });
      this.processes.add(child);
      child.once("exit", () => this.processes.delete(child));
      child.once("error", () => this.processes.delete(child));
      return child;
    } finally {
      closeSync(stderr);
      if (stdout !== stderr) closeSync(stdout);
    }
  }

  /** Runs a program on the host to its end and returns its output. */
  public async run(argv: readonly string[], timeoutMs: number): Promise<string> {
    return run(["nsenter", ...this.inside(argv)], { timeoutMs });
  }

  /** Drops all packets to and from the host, then kills all its processes, so that no connection is closed. */
  public async losePower(): Promise<void> {
    await this.wan.isolate(this.name, true);
    await this.killAll();
  }

  /** Restores the network; programs have to be started again. */
  public async returnPower(): Promise<void> {
    await this.wan.isolate(this.name, false);
  }

  public async remove(): Promise<void> {
    await this.killAll();
    await this.wan.detach(this.name);
    await removeNamespace(this.namespace);
  }

  private async killAll(): Promise<void> {
    const running = [...this.processes];
    const ended = running.map((child) => new Promise((resolve) => child.once("exit", resolve)));
    for (const child of running) child.kill("SIGKILL");
    await Promise.all(ended);
  }

  /** Arguments of nsenter for a program on this host. */
  private inside(argv: readonly string[]): string[] {
    return [`--net=/run/netns/${this.namespace}`, "setpriv", "--pdeathsig", "KILL", ...this.priority, ...argv];
  }

  private get namespace(): string {
    return NAMESPACE_PREFIX + this.name;
  }
}

/** Removes the namespaces of a rig that was not taken down. */
export async function removeStaleNamespaces(): Promise<void> {
  const listed = (await run(["ip", "netns", "list"])).split("\n").map((line) => line.split(" ")[0]);
  for (const name of listed.filter((each) => each.startsWith(NAMESPACE_PREFIX))) await removeNamespace(name);
}

async function removeNamespace(name: string): Promise<void> {
  await attempt(["ip", "netns", "del", name]);
}
