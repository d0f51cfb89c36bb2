import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, existsSync, openSync, rmSync } from "node:fs";
import type { LabPaths } from "./paths";
import { attempt, run } from "./tools/command";
import { readJson, writeAtomically } from "./tools/files";
import type { WanClient } from "./wan/client";

const NAMESPACE_PREFIX = "lab-site-";

/** Addresses of the sites. */
export const SITES_NETWORK = "198.18.200.0/24";

/** What sites need of a lab. */
export interface SitesLab {
  readonly paths: LabPaths;
  wan(): WanClient;
}

/** Files for a program's output. */
export interface OutputFiles {
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Places on the WAN for programs that are to outlive all machines, such as clients: a network namespace at each location,
 * with an address of its own. They are recorded before they exist, so that `Lab.down` removes them after any crash.
 */
export class Sites {
  /** Makes a site at each location, first removing those of an earlier run. */
  public static async up(lab: SitesLab, locations: readonly string[]): Promise<Sites> {
    await this.removeAll(lab);
    writeAtomically(lab.paths.sites, JSON.stringify(locations));
    const wan = lab.wan();
    for (const [index, location] of locations.entries()) {
      const namespace = NAMESPACE_PREFIX + location;
      const ip = SITES_NETWORK.replace("0/24", String(index + 1));
      await run(["ip", "netns", "add", namespace]);
      await run(["ip", "-n", namespace, "link", "set", "lo", "up"]);
      await wan.attach({
        id: namespace,
        netns: `/run/netns/${namespace}`,
        device: "wan0",
        location,
        addresses: [{ ip }],
        assigned: [`${ip}/15`],
      });
    }
    return new Sites(lab, locations);
  }

  /** Removes the sites of a lab, if there are any, and ends the programs that run there. */
  public static async removeAll(lab: SitesLab): Promise<void> {
    const { paths } = lab;
    const recorded = readJson(paths.sites) as string[] | undefined;
    for (const namespace of (recorded ?? []).map((location) => NAMESPACE_PREFIX + location)) {
      await killAllIn(namespace);
      if (existsSync(paths.wan)) await lab.wan().detach(namespace);
      await attempt(["ip", "netns", "del", namespace]);
    }
    rmSync(paths.sites, { force: true });
  }

  private constructor(
    private readonly lab: SitesLab,
    public readonly locations: readonly string[],
  ) {}

  /** Starts a program at a location. It ends with this process, however that ends. */
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

  /** Runs a program at a location to its end; a failure does not throw. */
  public run(location: string, argv: readonly string[], timeoutMs: number): ReturnType<typeof attempt> {
    return attempt(["nsenter", ...this.inside(location, argv)], { timeoutMs });
  }

  public down(): Promise<void> {
    return Sites.removeAll(this.lab);
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
