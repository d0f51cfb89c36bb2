import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  isAlive,
  type LabDroplet,
  MachineError,
  processesNamed,
  type ProcessRecord,
  procFile,
  signal,
  signalTree,
  waitUntil,
} from "terraform-lab";
import type { LabCluster } from "../lab-cluster";
import type { LabHarness } from "../harness";
import type { Random } from "../random";
import type { Miss } from "./stage";

/** An interruption of an apply. */
export interface Interruption {
  readonly name: string;
  /**
   * Interrupts the apply, and restores normal conditions; does nothing once Terraform has ended.
   *
   * @param apply the process of cdktf or Terraform
   */
  readonly strike: (harness: LabHarness, apply: ProcessRecord, random: Random) => Promise<Miss>;
}

/** Range of the operator's network outages: some an SSH connection survives, others not. */
const CUT_SECONDS: readonly [number, number] = [5, 60];

/** How long to wait for an SSH connection: between two steps, and while machines boot, there may be none. */
const CONNECTION_MS = 10_000;

const CONNECTIONS = "ss -Htn state established '( sport = :22 )' | wc -l";

/** Kills all processes of all SSH sessions, so a step ends anywhere. Prints the number of connections. */
const KILL_CONNECTIONS =
  `n=$(${CONNECTIONS}); echo "$n"; [ "$n" -gt 0 ] || exit 0; systemctl kill --signal=KILL ssh.service; ` +
  "for s in $(loginctl list-sessions --no-legend | cut -c1-11); do loginctl kill-session --signal=KILL $s; done; " +
  "systemctl reset-failed ssh; systemctl start ssh";

export const THROUGH = "the apply was through";

export const INTERRUPTIONS: readonly Interruption[] = [
  {
    // As if the operator's computer lost power: no process can clean up.
    name: "SIGKILL to Terraform",
    strike: (harness, apply) => {
      const hit = applies(harness, apply);
      if (hit) signalTree(apply.pid, "SIGKILL");
      return Promise.resolve(hit ? undefined : THROUGH);
    },
  },
  {
    // Terraform completes the steps in progress and saves its state. A second SIGINT would end it at once.
    name: "SIGINT to Terraform",
    strike: (harness, apply) => {
      const terraform = terraformOf(harness, apply);
      for (const record of terraform) signal(record, "SIGINT");
      return Promise.resolve(terraform.length > 0 ? undefined : THROUGH);
    },
  },
  {
    name: "the operator's network cut",
    strike: async (harness, apply, random) => {
      const regions = new Set((await harness.lab.api().droplets()).map(({ region }) => region));
      if (!applies(harness, apply)) return THROUGH;
      const wan = harness.lab.wan();
      try {
        for (const b of regions) await wan.link({ a: "operator", b, down: true });
        if (!applies(harness, apply)) return THROUGH;
        await sleep(random.between(...CUT_SECONDS) * 1000);
        return undefined;
      } finally {
        await wan.heal("operator");
      }
    },
  },
  {
    name: "SSH connections of a machine killed",
    strike: async (harness, apply, random) => {
      let cluster = await harness.cluster();
      let connected: LabDroplet[] = [];
      const found = async (): Promise<boolean> => {
        cluster = await harness.cluster();
        const active = cluster.machines.filter(({ status }) => status === "active");
        const counts = await Promise.all(active.map((machine) => connections(cluster, machine, CONNECTIONS)));
        connected = active.filter((_, i) => counts[i] > 0);
        return connected.length > 0 || !applies(harness, apply);
      };
      await waitUntil(found, CONNECTION_MS, 500);
      if (!applies(harness, apply)) return THROUGH;
      if (connected.length === 0) return "no machine had an SSH connection";
      const killed = await connections(cluster, random.pick(connected), KILL_CONNECTIONS);
      return killed > 0 ? undefined : "the machine's SSH connections had ended";
    },
  },
];

/** @throws Error if there is no interruption of that name */
export function interruptionNamed(name: string): Interruption {
  const found = INTERRUPTIONS.find((interruption) => interruption.name === name);
  if (found !== undefined) return found;
  throw new Error(`there is no interruption "${name}", but: ${INTERRUPTIONS.map((one) => one.name).join(", ")}`);
}

/** The Terraform process that applies; cdktf runs others before and after it. */
function terraformOf({ lab }: LabHarness, apply: ProcessRecord): ProcessRecord[] {
  if (!isAlive(apply)) return [];
  return processesNamed(apply.pid, path.basename(lab.config().terraform.path)).filter(({ pid }) =>
    procFile(pid, "cmdline").split("\0").includes("apply"),
  );
}

function applies(harness: LabHarness, apply: ProcessRecord): boolean {
  return terraformOf(harness, apply).length > 0;
}

/** The number that a command prints on a machine; 0 if the apply destroys the machine meanwhile. */
async function connections(cluster: LabCluster, machine: LabDroplet, command: string): Promise<number> {
  try {
    return Number((await cluster.on(machine, command)).stdout.split("\n")[0]);
  } catch (error) {
    if (error instanceof MachineError) return 0;
    throw error;
  }
}
