import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, existsSync, openSync, rmSync } from "node:fs";
import { LabPaths } from "./paths";
import { attempt, run } from "./tools/command";
import { readJson, writeAtomically } from "./tools/files";
import { wanClient } from "./wan-client";
import { clientAddress } from "../proofs/operations/client-network";

const NAMESPACE_PREFIX = "etcdclients-";

/** Where a program's messages and answers go. */
export interface OutputFiles {
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Places for clients of the cluster: a network namespace at each location, on the WAN by an address of its own, so that
 * clients outlive every machine. They are on record before they exist; `Lab.down` removes them after any crash.
 */
export class ClientSites {
  /** Makes them, and first removes what an earlier run left. */
  public static async up(paths: LabPaths, locations: readonly string[]): Promise<ClientSites> {
    await this.removeAll(paths);
    writeAtomically(paths.clientSites, JSON.stringify(locations));
    const wan = wanClient(paths);
    for (const location of locations) {
      const namespace = NAMESPACE_PREFIX + location;
      await run(["ip", "netns", "add", namespace]);
      await run(["ip", "-n", namespace, "link", "set", "lo", "up"]);
      await wan.attach({
        id: namespace,
        netns: `/run/netns/${namespace}`,
        device: "wan0",
        location,
        addresses: [{ ip: clientAddress(location) }],
        assigned: [`${clientAddress(location)}/15`],
      });
    }
    return new ClientSites(paths, locations);
  }

  /** Removes the sites of a lab and what runs there; there need not be any. */
  public static async removeAll(paths: LabPaths): Promise<void> {
    const recorded = readJson(paths.clientSites) as string[] | undefined;
    for (const namespace of (recorded ?? []).map((location) => NAMESPACE_PREFIX + location)) {
      await killAllIn(namespace);
      if (existsSync(paths.wan)) await wanClient(paths).detach(namespace);
      await attempt(["ip", "netns", "del", namespace]);
    }
    rmSync(paths.clientSites, { force: true });
  }

  private constructor(
    private readonly paths: LabPaths,
    public readonly locations: readonly string[],
  ) {}

  /** Starts a program at a location. It dies with this process, however this one ends. */
  public spawn(location: string, argv: readonly string[], files: OutputFiles): ChildProcess {
    const stdout = openSync(files.stdout, "w");
    const stderr = openSync(files.stderr, "w");
    try {
      return spawn("nsenter", this.inside(location, argv), { stdio: ["ignore", stdout, stderr] });
    } finally {
      closeSync(stdout);
      closeSync(stderr);
    }
  }

  /** Runs a program at a location to its end, whatever that is. */
  public run(location: string, argv: readonly string[], timeoutMs: number): ReturnType<typeof attempt> {
    return attempt(["nsenter", ...this.inside(location, argv)], { timeoutMs });
  }

  public down(): Promise<void> {
    return ClientSites.removeAll(this.paths);
  }

  private inside(location: string, argv: readonly string[]): string[] {
    return [`--net=/run/netns/${NAMESPACE_PREFIX}${location}`, "setpriv", "--pdeathsig", "KILL", ...argv];
  }
}

async function killAllIn(namespace: string): Promise<void> {
  const { stdout } = await attempt(["ip", "netns", "pids", namespace]);
  for (const pid of stdout.split("\n").filter((line) => line !== "")) {
    try {
      process.kill(Number(pid), "SIGKILL");
    } catch {
      // It ended by itself in between.
    }
  }
}
