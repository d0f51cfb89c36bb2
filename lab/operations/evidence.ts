import { writeFileSync } from "node:fs";
import * as path from "node:path";
import type { LabHarness } from "../harness";

/** Saves the journals of all machines that run, from a moment on: what etcd, the leader's timer and SSH's steps had to say. */
export async function saveJournals(harness: LabHarness, directory: string, sinceMs: number): Promise<void> {
  const cluster = await harness.cluster();
  for (const machine of cluster.machines.filter(({ status }) => status === "active")) {
    const units = "-u etcd -u etcd-join -u etcd-leader -u ssh";
    const { stdout } = await cluster.on(
      machine,
      `journalctl ${units} -o short-precise --no-pager --since=@${Math.floor(sinceMs / 1000)}`,
    );
    writeFileSync(path.join(directory, `${machine.name}-${machine.id}.journal`), stdout);
  }
}
