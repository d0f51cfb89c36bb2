import { existsSync } from "node:fs";
import * as path from "node:path";
import { LabDroplet } from "./clouds/digitalocean/client";
import { Lab } from "./lab";
import { LabPaths } from "./paths";
import { run } from "./tools/command";

/** What `status` tells. */
export interface LabStatus {
  readonly api: { readonly url: string; readonly answers: boolean };
  readonly machines: readonly LabDroplet[];
  /** Names of etcd's members and who of them leads, if a cluster answers. */
  readonly etcd?: EtcdStatus;
  readonly standIns: readonly string[];
}

/** What etcd says of itself. */
export interface EtcdStatus {
  readonly leader: string | undefined;
  readonly members: readonly { readonly name: string; readonly endpoint: string; readonly learner: boolean }[];
}

/** Environment for etcdctl as the operator of what is deployed into the lab, or undefined if nothing is. */
export function operatorEnvironment(paths: LabPaths, endpoints: readonly string[]): Record<string, string> | undefined {
  const directory = path.join(paths.access, "operator");
  if (!existsSync(path.join(directory, "client.key")) || endpoints.length === 0) return undefined;
  return {
    ETCDCTL_ENDPOINTS: endpoints.join(","),
    ETCDCTL_CACERT: path.join(directory, "ca.crt"),
    ETCDCTL_CERT: path.join(directory, "client.crt"),
    ETCDCTL_KEY: path.join(directory, "client.key"),
    ETCDCTL_DIAL_TIMEOUT: "2s",
    ETCDCTL_COMMAND_TIMEOUT: "4s",
  };
}

export async function labStatus(lab: Lab, paths: LabPaths): Promise<LabStatus> {
  const config = lab.config();
  const api = lab.api();
  const answers = await api.answers();
  const machines = answers ? await api.droplets() : [];
  const endpoints = machines
    .filter((machine) => machine.status === "active" && machine.publicAddress !== undefined)
    .map((machine) => `https://${machine.publicAddress ?? ""}:2379`);
  const env = operatorEnvironment(paths, endpoints);
  const etcd =
    env === undefined
      ? undefined
      : await etcdStatus(path.join(config.etcd.binDir, "etcdctl"), env).catch(() => undefined);
  return { api: { url: api.url, answers }, machines, etcd, standIns: lab.standIns(config) };
}

/** Members and leader, as any member that answers tells them. */
export async function etcdStatus(etcdctl: string, env: Record<string, string>): Promise<EtcdStatus> {
  const list = await run([etcdctl, "member", "list"], { env });
  const members = list
    .trim()
    .split("\n")
    .map((line) => line.split(", "))
    .map(([id, , name, , endpoint, learner]) => ({ id, name, endpoint, learner: learner === "true" }));
  // One endpoint after the other: a dead one must not hide the others.
  for (const { endpoint } of members) {
    // etcdctl refuses to be told by a flag what a variable says already.
    const asking = { ...env, ETCDCTL_ENDPOINTS: endpoint };
    const answer = await run([etcdctl, "endpoint", "status", "-w", "fields"], { env: asking }).catch(() => "");
    const leader = /^"Leader" : (\d+)$/m.exec(answer)?.[1];
    if (leader !== undefined) {
      const id = BigInt(leader).toString(16);
      return {
        leader: members.find((member) => member.id === id)?.name,
        members: members.map(({ name, endpoint: url, learner }) => ({ name, endpoint: url, learner })),
      };
    }
  }
  return { leader: undefined, members: [] };
}

/** The same for people. */
export function renderStatus(status: LabStatus): string {
  const lines = [
    `API server: ${status.api.url} ${status.api.answers ? "(up)" : "(does not answer: npm run lab -- up)"}`,
  ];
  if (status.machines.length === 0) lines.push("No machines yet.");
  for (const machine of status.machines) {
    const role =
      status.etcd?.leader === machine.name
        ? "leader"
        : status.etcd?.members.some((member) => member.name === machine.name) === true
          ? "member"
          : "";
    lines.push(
      [
        machine.name.padEnd(16),
        machine.status.padEnd(7),
        machine.region.padEnd(6),
        (machine.publicAddress ?? "-").padEnd(15),
        (machine.privateAddress ?? "-").padEnd(15),
        machine.image.padEnd(14),
        role,
      ]
        .join(" ")
        .trimEnd(),
    );
  }
  lines.push("Stand-ins:", ...status.standIns.map((sentence) => `  - ${sentence}`));
  return lines.join("\n");
}
