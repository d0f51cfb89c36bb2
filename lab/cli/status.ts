import type { BareMachine } from "../clouds/bare/bare-machines";
import { LabDroplet } from "../clouds/digitalocean/client";
import { Lab } from "../lab";
import { renderBareMachine } from "./bare-machine-verbs";

/** What `status` reports. */
export interface LabStatus {
  /** The lab's. */
  readonly name: string;
  readonly api: { readonly url: string; readonly answers: boolean };
  readonly machines: readonly LabMachine[];
  /** Machines without a cloud. */
  readonly bareMachines: readonly BareMachine[];
  readonly standIns: readonly string[];
}

/** A machine, with its role as LabDefinition.roles gives it. */
export interface LabMachine extends LabDroplet {
  readonly role?: string;
}

/** @throws ToolError if there is no lab */
export async function labStatus(lab: Lab): Promise<LabStatus> {
  const api = lab.api();
  const answers = await api.answers();
  const droplets = answers ? await api.droplets() : [];
  const roles = droplets.length === 0 ? {} : await lab.roles();
  const machines = droplets.map((droplet) => ({ ...droplet, role: roles[droplet.name] }));
  return {
    name: lab.name,
    api: { url: api.url, answers },
    machines,
    bareMachines: await lab.bareMachines().list(),
    standIns: lab.standIns(lab.config()),
  };
}

/** The status as text for a terminal. */
export function renderStatus(status: LabStatus, command: string): string {
  const lines = [
    `Lab: ${status.name}`,
    `API server: ${status.api.url} ${status.api.answers ? "(up)" : `(does not answer: ${command} up)`}`,
  ];
  if (status.machines.length === 0) lines.push("No machines yet.");
  for (const machine of status.machines) {
    lines.push(
      [
        machine.name.padEnd(16),
        machine.status.padEnd(7),
        machine.region.padEnd(6),
        (machine.publicAddress ?? "-").padEnd(15),
        (machine.privateAddress ?? "-").padEnd(15),
        machine.image.padEnd(14),
        machine.role ?? "",
      ]
        .join(" ")
        .trimEnd(),
    );
  }
  if (status.bareMachines.length > 0) lines.push("Without a cloud:", ...status.bareMachines.map(renderBareMachine));
  lines.push("Stand-ins:", ...status.standIns.map((sentence) => `  - ${sentence}`));
  return lines.join("\n");
}
