import { closeSync, openSync } from "node:fs";
import { spawn, type ChildProcess } from "node:child_process";
import { attempt, run, type WanClient } from "terraform-lab";

/** What a host is: a network namespace, attached to the WAN at a location. */
export interface HostProps {
  /** Unique in the rig; also the namespace's name after the rig's prefix. */
  readonly name: string;
  readonly location: string;
  readonly address: string;
}

/** Namespaces of rigs, so that what a crash left can be told from anybody else's. */
const NAMESPACE_PREFIX = "etcdrig-";

/**
 * Prefix for a program that is to go ahead of whatever else this machine does, as the WAN does: what is measured is etcd and the distance, not
 * the neighbours. Real time where that is allowed, else a higher priority.
 */
export async function aheadOfOthers(): Promise<readonly string[]> {
  const realTime = ["chrt", "--rr", "1"];
  return (await attempt([...realTime, "true"])).status === 0 ? realTime : ["nice", "-n", "-10"];
}

/** Stands in for a machine: it has a network and processes of its own, and the power can be cut. */
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
   * Starts a program on the host. It gets its messages appended to a file, and it dies with this process: nothing is left
   * running even if we are killed.
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

  /** Runs a program on the host to its end and returns what it printed. */
  public async run(argv: readonly string[], timeoutMs: number): Promise<string> {
    return run(["nsenter", ...this.inside(argv)], { timeoutMs });
  }

  /** Packets to and from the host vanish, then everything that runs on it is gone: nobody is told. */
  public async losePower(): Promise<void> {
    await this.wan.isolate(this.name, true);
    await this.killAll();
  }

  /** The network is back; what should run has to be started again. */
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
