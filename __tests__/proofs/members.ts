import type { LabDroplet } from "terraform-lab";
import type { LabCluster } from "../../proofs/lab-cluster";
import { said } from "../../proofs/harness";

/** Writes a key, to be found again. */
export async function putKey(cluster: LabCluster, key: string): Promise<void> {
  const { ok, stderr } = await cluster.etcdctl(["put", key, "kept"]);
  if (!ok) throw new Error(`${key} was not written: ${stderr}`);
}

/** All keys, sorted. */
export async function keys(cluster: LabCluster): Promise<string[]> {
  const { stdout } = await cluster.etcdctl(["get", "--prefix", "/", "--keys-only"]);
  return stdout.split("\n").filter((line) => line !== "");
}

/** Names of the members that the cluster has, sorted. */
export async function memberNames(cluster: LabCluster): Promise<string[]> {
  return (await cluster.status()).members.map(({ name }) => name).sort();
}

/** Where lines stand in an output, each of which has to be there. */
export function positions(output: string, ...patterns: RegExp[]): number[] {
  const lines = output.split("\n");
  return patterns.map((pattern) => {
    const position = lines.findIndex((line) => pattern.test(line));
    if (position < 0) throw new Error(`no line like ${String(pattern)} in:\n${said(output).join("\n")}`);
    return position;
  });
}

export function ascending(numbers: readonly number[]): number[] {
  return [...numbers].sort((a, b) => a - b);
}

/** Has the calls of etcdctl with such arguments fail in the scripts on a machine; returns what ends that. */
export async function refuse(cluster: LabCluster, machine: LabDroplet, calls: string): Promise<() => Promise<unknown>> {
  // Where scripts look first.
  const wrapper = "/usr/local/sbin/etcdctl";
  const text = `#!/bin/sh\ncase "$*" in *"${calls}"*) exit 1 ;; esac\nexec /usr/local/bin/etcdctl "$@"\n`;
  await cluster.on(machine, `printf '%s' '${text}' >${wrapper}; chmod 755 ${wrapper}`);
  return () => cluster.on(machine, `rm ${wrapper}`);
}
