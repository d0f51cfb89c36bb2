import { spawn } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { MachineGroups } from "./control-groups";
import type { MachineSpec } from "./machine-driver";
import { gatewayOf, METADATA_ADDRESS, namespacePath, type MachineNames } from "./network";

/** A machine as its cloud knows it. */
export interface CloudMachine extends MachineSpec {
  readonly publicIpv4: string;
}

/** Whether a machine is a cloud's, and so has a metadata service. */
export function isOfCloud(spec: MachineSpec): spec is CloudMachine {
  return spec.installation === undefined && spec.publicIpv4 !== undefined;
}

/** What the metadata service has below /metadata/v1/, by path: the part of DigitalOcean's that says who a machine is. */
export function metadataOf(spec: CloudMachine): Readonly<Record<string, string>> {
  const { id, name, region, publicIpv4, privateIpv4, userData } = spec;
  const keys = spec.sshKeys.map((key) => key.trim());
  return {
    id: String(id),
    hostname: name,
    region,
    "public-keys": keys.join("\n"),
    "interfaces/public/0/type": "public",
    "interfaces/public/0/ipv4/address": publicIpv4,
    "interfaces/public/0/ipv4/netmask": "255.255.255.0",
    "interfaces/public/0/ipv4/gateway": gatewayOf(publicIpv4),
    ...(privateIpv4 === undefined
      ? {}
      : {
          "interfaces/private/0/type": "private",
          "interfaces/private/0/ipv4/address": privateIpv4.split("/")[0],
        }),
    ...(userData === undefined ? {} : { "user-data": userData }),
  };
}

/** The same as one document. */
function asDocument(spec: CloudMachine): string {
  const { id, name, region, sshKeys, publicIpv4, userData } = spec;
  return JSON.stringify({
    droplet_id: id,
    hostname: name,
    user_data: userData,
    public_keys: sshKeys.map((key) => key.trim()),
    region,
    interfaces: {
      public: [{ ipv4: { ip_address: publicIpv4, gateway: gatewayOf(publicIpv4) }, type: "public" }],
    },
  });
}

/** Serves a machine's metadata at {@link METADATA_ADDRESS}, from its edge, until its control groups are killed. */
export function startMetadataService(
  spec: CloudMachine,
  directory: string,
  names: MachineNames,
  groups: MachineGroups,
): void {
  writeTree(directory, spec);
  const join = 'for file in $0; do echo $$ > "$file"; done; exec "$@"';
  const listen = ["systemd-socket-activate", `--listen=${METADATA_ADDRESS}:80`, "--inetd", "--accept"];
  const answer = ["/bin/sh", `${__dirname}/answer-metadata.sh`, directory];
  const inEdge = ["nsenter", `--net=${namespacePath(names.edge)}`];
  spawn("/bin/sh", ["-c", join, groups.controlProcs().join(" "), ...inEdge, ...listen, ...answer], {
    // In a session of its own, so that it outlives the process that started it.
    detached: true,
    stdio: "ignore",
    cwd: "/",
  }).unref();
}

/** One file for each path, and one in each directory that lists what is in there. */
function writeTree(directory: string, spec: CloudMachine): void {
  rmSync(directory, { recursive: true, force: true });
  const put = (file: string, content: string): void => {
    mkdirSync(dirname(join(directory, file)), { recursive: true, mode: 0o700 });
    writeFileSync(join(directory, file), content, { mode: 0o600 });
  };
  const listed = new Map<string, Set<string>>();
  for (const [path, content] of Object.entries(metadataOf(spec))) {
    put(`metadata/v1/${path}`, content);
    const parts = path.split("/");
    parts.forEach((part, depth) => {
      const parent = parts.slice(0, depth).join("/");
      const entry = depth < parts.length - 1 ? `${part}/` : part;
      listed.set(parent, (listed.get(parent) ?? new Set()).add(entry));
    });
  }
  for (const [parent, entries] of listed) put(join("metadata/v1", parent, ".index"), [...entries].join("\n"));
  put("metadata/v1.json", asDocument(spec));
}
