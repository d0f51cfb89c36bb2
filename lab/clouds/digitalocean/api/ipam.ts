import { region } from "./catalog";
import { unprocessable } from "./errors";
import type { State, Vpc } from "./model";

/** An IPv4 range; addresses are unsigned 32-bit numbers. */
export interface Range4 {
  readonly first: number;
  readonly last: number;
  readonly prefix: number;
}

export function parseIpv4(text: string): number | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  let value = 0;
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    value = value * 256 + Number(part);
  }
  return value;
}

export function formatIpv4(value: number): string {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join(".");
}

/** Host bits may be set: `10.20.0.5/24` is the range of `10.20.0.0/24`. */
export function parseRange4(text: string): Range4 | undefined {
  const match = /^([\d.]+)\/(\d{1,2})$/.exec(text);
  const address = parseIpv4(match?.[1] ?? "");
  const prefix = Number(match?.[2]);
  if (address === undefined || !(prefix <= 32)) return undefined;
  const size = 2 ** (32 - prefix);
  const first = Math.floor(address / size) * size;
  return { first, last: first + size - 1, prefix };
}

export function overlap(one: Range4, other: Range4): boolean {
  return one.first <= other.last && other.first <= one.last;
}

export function contains(outer: Range4, inner: Range4): boolean {
  return outer.first <= inner.first && inner.last <= outer.last;
}

export function netmask(prefix: number): string {
  return formatIpv4(prefix === 0 ? 0 : (2 ** 32 - 2 ** (32 - prefix)) >>> 0);
}

/** A region's public network is 198.18.<index>.0/24; droplets get .10 to .250. */
export function publicGateway(regionSlug: string): string {
  return `198.18.${region(regionSlug).index}.1`;
}

export function allocatePublicIpv4(state: State, regionSlug: string): string {
  const taken = new Set(state.droplets.map((droplet) => droplet.publicIpv4));
  const network = `198.18.${region(regionSlug).index}`;
  const host = nextFree(state, `public:${regionSlug}`, 10, 250, (number) => taken.has(`${network}.${number}`));
  if (host === undefined) throw unprocessable(`region: ${regionSlug} has no public address left`);
  return `${network}.${host}`;
}

/** Reserved IPs come from 198.18.<128 + index>.0/24, so that they never collide with a droplet's address. */
export function allocateReservedIp(state: State, regionSlug: string): string {
  const taken = new Set(state.reservedIps.map((reserved) => reserved.ip));
  const network = `198.18.${128 + region(regionSlug).index}`;
  const host = nextFree(state, `reserved:${regionSlug}`, 10, 250, (number) => taken.has(`${network}.${number}`));
  if (host === undefined) throw unprocessable(`region: ${regionSlug} has no reserved IP left`);
  return `${network}.${host}`;
}

/** IPv6 addresses are documentation addresses: they can be configured, but are not routed. */
export function allocateIpv6(state: State, regionSlug: string): string {
  const taken = new Set(state.droplets.map((droplet) => droplet.publicIpv6));
  const network = ipv6Network(regionSlug);
  const host = nextFree(state, `ipv6:${regionSlug}`, 0x1000, 0xffff, (number) =>
    taken.has(`${network}${number.toString(16)}`),
  );
  if (host === undefined) throw unprocessable(`region: ${regionSlug} has no IPv6 address left`);
  return `${network}${host.toString(16)}`;
}

export function ipv6Gateway(regionSlug: string): string {
  return `${ipv6Network(regionSlug)}1`;
}

function ipv6Network(regionSlug: string): string {
  return `2001:db8:${region(regionSlug).index.toString(16)}::`;
}

export function vpcRange(vpc: Vpc): Range4 {
  const range = parseRange4(vpc.ipRange);
  if (!range) throw new Error(`VPC ${vpc.id} has the unusable range ${vpc.ipRange}`);
  return range;
}

/** The first two addresses are the network's and the gateway's, the last is the broadcast address. */
export function allocatePrivateIpv4(state: State, vpc: Vpc): string {
  const range = vpcRange(vpc);
  const taken = new Set(state.droplets.filter((one) => one.vpcId === vpc.id).map((one) => one.privateIpv4));
  const offset = nextFree(state, `vpc:${vpc.id}`, 2, range.last - range.first - 1, (number) =>
    taken.has(formatIpv4(range.first + number)),
  );
  if (offset === undefined) throw unprocessable(`vpc_uuid: ${vpc.ipRange} has no address left`);
  return formatIpv4(range.first + offset);
}

/** For a VPC made without a range: a free 198.19.x.0/24. */
export function allocateVpcRange(state: State): string {
  const taken = state.vpcs.map(vpcRange);
  const network = nextFree(state, "vpcs", 1, 250, (number) => {
    const candidate = parseRange4(`198.19.${number}.0/24`);
    return candidate === undefined || taken.some((range) => overlap(range, candidate));
  });
  if (network === undefined) throw unprocessable("ip_range: no network is left to choose from, name one");
  return `198.19.${network}.0/24`;
}

/** Continues where the last search ended, so that an address just freed is reused last. */
function nextFree(
  state: State,
  cursor: string,
  least: number,
  most: number,
  taken: (number: number) => boolean,
): number | undefined {
  const count = most - least + 1;
  const start = state.cursors[cursor] ?? least;
  for (let step = 0; step < count; step += 1) {
    const candidate = least + ((start - least + step) % count);
    if (!taken(candidate)) {
      state.cursors[cursor] = candidate + 1;
      return candidate;
    }
  }
  return undefined;
}
