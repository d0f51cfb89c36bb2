import type { LabDroplet } from "terraform-lab";
import type { EtcdctlResult, LabCluster } from "../../proofs/lab-cluster";

/** What tests do on the machines of a cluster by hand. */
export interface OnNodes {
  /** Runs a command on a machine and expects it to succeed; returns what it printed. */
  readonly on: (machine: LabDroplet, command: string) => Promise<string>;
  /** Starts a unit as its timer does, at once on all of these; on every member unless told. */
  readonly start: (unit: string, machines?: readonly LabDroplet[]) => Promise<EtcdctlResult[]>;
  /** What a unit's scripts said on a machine since they were asked last. */
  readonly words: (machine: LabDroplet, unit: string) => Promise<string[]>;
}

/** @param cluster asked each time: its machines may have changed */
export function onNodesOf(cluster: () => LabCluster): OnNodes {
  return {
    on: async (machine, command) => {
      const { ok, stdout, stderr } = await cluster().on(machine, command);
      if (!ok) throw new Error(`${command} on ${machine.name}:\n${stderr}${stdout}`);
      return stdout.trim();
    },
    start: (unit, machines = cluster().machines) =>
      Promise.all(machines.map((machine) => cluster().on(machine, `systemctl start ${unit}`))),
    words: async (machine, unit) => {
      const { stdout } = await cluster().on(
        machine,
        `journalctl -u ${unit} -o cat --no-pager --cursor-file=/run/${unit}-test.cursor | grep -E '^(error: )?etcd-[a-z0-9]+: ' || true`,
      );
      return stdout.split("\n").filter((line) => line !== "");
    },
  };
}

/** The command that sets a variable in a file of variables. */
export function set(file: string, name: string, value: string): string {
  return `sed -i 's#^${name}=.*#${name}=${value}#' ${file};`;
}
