import { setTimeout as sleep } from "node:timers/promises";
import type { LabHarness } from "../harness";
import type { Random } from "../tools/random";
import { wanClient } from "../wan-client";
import { signalTree } from "./process-tree";

/** Something that gets in the way of an apply. */
export interface Interruption {
  readonly name: string;
  /**
   * Gets in the way, and out of it again.
   *
   * @param pid of the cdktf or Terraform that applies
   */
  readonly strike: (harness: LabHarness, pid: number, random: Random) => Promise<void>;
}

/** How long the operator's network may be away: shorter and longer than what an SSH connection outlives. */
const CUT_SECONDS: readonly [number, number] = [5, 60];

export const INTERRUPTIONS: readonly Interruption[] = [
  {
    // The power of the operator's computer goes: nobody gets to say good-bye.
    name: "SIGKILL to Terraform",
    strike: (_harness, pid) => {
      signalTree(pid, "SIGKILL");
      return Promise.resolve();
    },
  },
  {
    // What a terminal's Ctrl-C does.
    name: "SIGINT to Terraform",
    strike: (_harness, pid) => {
      signalTree(pid, "SIGINT");
      return Promise.resolve();
    },
  },
  {
    name: "the operator's network cut",
    strike: async ({ paths, lab }, _pid, random) => {
      const regions = new Set((await lab.api().droplets()).map(({ region }) => region));
      const wan = wanClient(paths);
      for (const b of regions) await wan.link({ a: "operator", b, down: true });
      await sleep(random.between(...CUT_SECONDS) * 1000);
      await wan.heal("operator");
    },
  },
  {
    name: "SSH connections of a machine killed",
    strike: async (harness, _pid, random) => {
      const cluster = await harness.cluster();
      const active = cluster.machines.filter(({ status }) => status === "active");
      if (active.length === 0) return;
      // Every process of every session: the step that runs there ends in the middle of a line.
      await cluster.on(
        random.pick(active),
        "systemctl kill --signal=KILL ssh.service; for s in $(loginctl list-sessions --no-legend | cut -c1-11); do " +
          "loginctl kill-session --signal=KILL $s; done; systemctl reset-failed ssh; systemctl start ssh",
      );
    },
  },
];

/** @throws Error if there is no interruption of that name */
export function interruptionNamed(name: string): Interruption {
  const found = INTERRUPTIONS.find((interruption) => interruption.name === name);
  if (found !== undefined) return found;
  throw new Error(`there is no interruption "${name}", but: ${INTERRUPTIONS.map((one) => one.name).join(", ")}`);
}
