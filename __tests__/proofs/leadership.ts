import type { LabDroplet } from "terraform-lab";
import type { LabCluster } from "../../proofs/lab-cluster";

/** Short, so that a test need not wait a minute; everything else is as deployed by default. */
export const SETTLE_SECONDS = 5;

/** What the leader's timer said on a machine since it was asked last. */
export async function placed(cluster: LabCluster, machine: LabDroplet): Promise<string[]> {
  const { stdout } = await cluster.on(
    machine,
    "journalctl -u etcd-leader -o cat --no-pager --cursor-file=/run/leader-test.cursor | grep -E '^etcd-[a-z0-9]+: ' || true",
  );
  return stdout.split("\n").filter((line) => line !== "");
}

/** Where it moved leadership to. */
export function moves(lines: readonly string[]): string[] {
  return lines.flatMap((line) => /moving the leader to (\S+),/.exec(line)?.[1] ?? []);
}

/** Who leads, or nobody while that is being settled. */
export async function leader(cluster: LabCluster): Promise<string | undefined> {
  return (await cluster.status().catch(() => undefined))?.leader;
}

/** Fails unless it comes about. */
export async function moveLeader(cluster: LabCluster, from: LabDroplet, to: LabDroplet): Promise<void> {
  const { ok, stderr } = await cluster.moveLeader(from, to.name);
  if (!ok) throw new Error(`the leader did not move from ${from.name} to ${to.name}: ${stderr}`);
}

/**
 * Has a member look once, from now on: one that is looking already would say what it saw before.
 *
 * @param prepare command to run before, while it does not look
 */
export async function look(cluster: LabCluster, machine: LabDroplet, prepare = "true"): Promise<void> {
  const idle = "while [ $(systemctl show -P ActiveState etcd-leader) = activating ]; do sleep 0.1; done";
  const { ok, stderr } = await cluster.on(machine, `${idle}; ${prepare} && systemctl start etcd-leader`);
  if (!ok) throw new Error(`${machine.name} did not look where the leader should be: ${stderr}`);
}
