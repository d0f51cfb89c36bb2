import { existsSync, readdirSync } from "node:fs";
import { attempt, run } from "../tools/command";
import type { Attachment } from "../wan/protocol";
import { renderFirewall, WAN_DEVICE } from "./firewall";
import type { MachineSpec, ResolvedFirewall } from "./machine-driver";

/** Names of one machine's namespaces and mounts, by which all is found again after a crash. */
export interface MachineNames {
  /** Name of the machine's network namespace, of its systemd-nspawn machine and of its disk's mount source. */
  readonly machine: string;
  readonly edge: string;
}

export function machineNames(prefix: string, id: number): MachineNames {
  return { machine: `${prefix}-${id}`, edge: `${prefix}-edge-${id}` };
}

/** Where each machine finds its metadata service: a link-local address, which no packet leaves the machine's edge for. */
export const METADATA_ADDRESS = "169.254.169.254";

/** The routing table for packets that a machine is to forward. */
const HANDED_OVER = 100;

export const NAMESPACES = "/run/netns";

export function namespacePath(name: string): string {
  return `${NAMESPACES}/${name}`;
}

/** A gateway in the address's /24: .1, or .254 for .1 itself. */
export function gatewayOf(address: string): string {
  const parts = address.split(".");
  return [...parts.slice(0, 3), parts[3] === "1" ? "254" : "1"].join(".");
}

/** The machine's endpoint on the WAN. */
export function attachmentOf(spec: MachineSpec, names: MachineNames): Attachment {
  const outside = spec.publicIpv4 === undefined ? [] : [{ ip: spec.publicIpv4 }];
  const inside = privateAddress(spec);
  return {
    id: String(spec.id),
    netns: namespacePath(names.edge),
    device: WAN_DEVICE,
    location: spec.region,
    addresses: inside
      ? [...outside, { ip: inside.ip, privatePrefix: inside.prefix, gateway: spec.privateGateway }]
      : outside,
    routes: ["0.0.0.0/0"],
  };
}

function privateAddress(spec: MachineSpec): { readonly ip: string; readonly prefix: number } | undefined {
  if (spec.privateIpv4 === undefined) {
    return undefined;
  }
  const [ip = "", length = "16"] = spec.privateIpv4.split("/");
  return { ip, prefix: spec.privatePrefix ?? Number(length) };
}

/**
 * Makes both namespaces: the machine's own and, in front of it, the edge, which belongs to the cloud: root in the machine
 * cannot change the firewall there. The edge answers ARP for all other addresses, so that packets to neighbours in the
 * same range go over the WAN too.
 */
export async function makeNetwork(
  spec: MachineSpec,
  names: MachineNames,
  firewall: ResolvedFirewall | undefined,
): Promise<void> {
  const { machine, edge } = names;
  const inside = privateAddress(spec);
  const forwardsFor = spec.installation?.forwardsFor;
  const outside =
    spec.publicIpv4 === undefined ? undefined : { ip: spec.publicIpv4, gateway: gatewayOf(spec.publicIpv4) };
  await run(["ip", "netns", "add", edge]);
  await run(["ip", "netns", "add", machine]);
  const devices = [...(outside ? ["pub0"] : []), ...(inside ? ["prv0"] : [])];
  await batch([
    ...(outside ? [`link add name pub0 netns ${edge} type veth peer name eth0 netns ${machine}`] : []),
    ...(inside ? [`link add name prv0 netns ${edge} type veth peer name eth1 netns ${machine}`] : []),
  ]);
  await writeSysctls(edge, [
    ["ipv4/ip_forward", "1"],
    ["ipv4/conf/all/rp_filter", "0"],
    ["ipv4/conf/default/rp_filter", "0"],
    ...devices.flatMap((device) => [
      [`ipv4/conf/${device}/rp_filter`, "0"],
      [`ipv4/conf/${device}/proxy_arp`, "1"],
      [`ipv4/conf/${device}/send_redirects`, "0"],
      [`ipv4/neigh/${device}/proxy_delay`, "0"],
      [`ipv6/conf/${device}/disable_ipv6`, "1"],
    ]),
  ]);
  await batch(
    [
      "link set lo up",
      ...(spec.installation === undefined ? [`address add ${METADATA_ADDRESS}/32 dev lo`] : []),
      ...(outside
        ? ["link set pub0 up", `address add ${outside.gateway}/32 dev pub0`, `route add ${outside.ip}/32 dev pub0`]
        : []),
      ...(inside ? ["link set prv0 up", `route add ${inside.ip}/32 dev prv0`] : []),
      ...(inside && forwardsFor !== undefined ? handOver(inside.ip, forwardsFor) : []),
      // Without a switch, packets are dropped and no error is reported, as on a real WAN.
      "route add blackhole default metric 65000",
    ],
    edge,
  );
  await applyFirewall(names, firewall);
  await batch(
    [
      "link set lo up",
      ...(outside
        ? [
            `address add ${outside.ip}/24 dev eth0`,
            "link set eth0 up",
            `route add default via ${outside.gateway} dev eth0`,
          ]
        : []),
      ...(inside ? [`address add ${inside.ip}/${inside.prefix} dev eth1`, "link set eth1 up"] : []),
      ...(spec.privateGateway === undefined ? [] : [`route add default via ${spec.privateGateway} dev eth1`]),
    ],
    machine,
  );
}

/** Commands for the edge of a machine that forwards for its private network: packets from there go to it, whatever for. */
function handOver(ip: string, network: string): string[] {
  return [
    `route add default via ${ip} dev prv0 table ${HANDED_OVER}`,
    // The device is the switch's, which makes it later.
    `rule add from ${network} iif ${WAN_DEVICE} lookup ${HANDED_OVER}`,
  ];
}

export async function applyFirewall(names: MachineNames, firewall: ResolvedFirewall | undefined): Promise<void> {
  await run(["nsenter", `--net=${namespacePath(names.edge)}`, "nft", "-f", "-"], { input: renderFirewall(firewall) });
}

/** Takes the machine off the WAN at its own end, without the switch. */
export async function silence(names: MachineNames): Promise<void> {
  if (existsSync(namespacePath(names.edge))) {
    await attempt(["ip", "-n", names.edge, "link", "set", WAN_DEVICE, "down"]);
  }
}

export function networkExists(names: MachineNames): boolean {
  return existsSync(namespacePath(names.edge)) && existsSync(namespacePath(names.machine));
}

export async function removeNetwork(names: MachineNames): Promise<void> {
  for (const name of [names.machine, names.edge]) {
    await removeNamespace(name);
  }
}

export async function removeNamespace(name: string): Promise<void> {
  const path = namespacePath(name);
  if (!existsSync(path)) {
    return;
  }
  const result = await attempt(["ip", "netns", "del", name]);
  if (existsSync(path)) {
    // A file without a namespace mounted on it, as a crash in `ip netns add` leaves it.
    await attempt(["umount", "-l", path]);
    await attempt(["rm", "-f", path]);
  }
  if (existsSync(path)) {
    throw new Error(`cannot remove network namespace ${name}: ${result.stderr.trim()}`);
  }
}

/** Names of all machines' namespaces that exist. */
export function namespacesOf(prefix: string): string[] {
  const pattern = new RegExp(`^${prefix}-(edge-)?\\d+$`);
  try {
    return readdirSync(NAMESPACES).filter((name) => pattern.test(name));
  } catch {
    return []; // no namespace has been made on this host
  }
}

async function batch(lines: readonly string[], namespace?: string): Promise<void> {
  await run(["ip", ...(namespace ? ["-n", namespace] : []), "-batch", "-"], { input: `${lines.join("\n")}\n` });
}

/** Writes from inside the namespace: /proc/sys/net is that of the process's network namespace. */
async function writeSysctls(namespace: string, values: readonly (readonly string[])[]): Promise<void> {
  const script = values.map(([key = "", value = ""]) => {
    const path = `/proc/sys/net/${key}`;
    return `[ ! -e ${path} ] || echo ${value} > ${path}`;
  });
  await run(["nsenter", `--net=${namespacePath(namespace)}`, "sh", "-e"], { input: `${script.join("\n")}\n` });
}
