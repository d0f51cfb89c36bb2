import {
  flag,
  instance,
  lateNumber,
  lateText,
  list,
  number,
  read,
  record,
  requireDnsLabel,
  requireInteger,
  required,
  shape,
  ShapeOf,
  shown,
  text,
} from "../../validation";
import { ValidationError } from "../../validation-error";
import { CLOUD_INIT_PARTS, CloudInitPart, requireCloudInitParts } from "../cloud-init-parts";
import { DigitalOceanHostGroup, DigitalOceanHostGroupProps, HOST_GROUP } from "./digitalocean-host-group";
import {
  requireGeneration,
  requireImage,
  requirePrefixOf,
  requireRegion,
  requireSize,
  requireTags,
  requireVpcId,
} from "./machine-rules";

/** What a droplet is made of. */
export interface DigitalOceanMachineProps {
  /**
   * Image slug: debian-13-x64, debian-12-x64, ubuntu-24-04-x64 or ubuntu-22-04-x64; or the id of a snapshot or image of
   * your own, with `imageFamily`. Changing it replaces no machine unless `generation` changes too.
   * @default "debian-13-x64"
   */
  readonly image?: string;
  /**
   * What is in `image` where that is the numeric id of a snapshot or of an image of your own: the slug of the image that
   * it was made from. It has to have cloud-init, and nothing of an earlier member.
   * @default - `image` is a slug itself
   */
  readonly imageFamily?: string;
  /**
   * Size slug. A change replaces the machines, one after the other.
   * @default "s-2vcpu-2gb", the smallest size that etcd's guide would call fit for a small cluster
   */
  readonly size?: string;
  /**
   * Whether DigitalOcean's metrics agent is installed. Changing it replaces no machine unless `generation` changes too:
   * the agent is installed with the machine. On a running machine install or remove it by hand.
   * @default true
   */
  readonly monitoring?: boolean;
  /**
   * More tags for the machines, beside the group's: letters, digits, colons, dashes and underscores, up to 255 each.
   * @default - none
   */
  readonly tags?: string[];
  /**
   * More for cloud-init to do at a machine's first boot, after the library's own: settings and scripts. Changing them
   * replaces no machine unless `generation` changes too. A part that fails does not stop a deploy. They are no place for
   * secrets: they stand in the synthesized stack, and in the machine's user data.
   * @default - none
   */
  readonly cloudInitParts?: CloudInitPart[];
  /**
   * Count up by one to have every machine replaced by a fresh one, one at a time: a new image, another VPC, the
   * choice of the metrics agent and other parts for cloud-init take effect that way.
   * @default 1
   */
  readonly generation?: number;
  /**
   * How long a machine may take to become active, and again to accept the login, in seconds; 30 to 3600.
   * @default 300: droplets take about a minute
   */
  readonly bootTimeoutSeconds?: number;
  /**
   * Whether machines may be made in ams2, nyc2 and sfo2, where DigitalOcean lets only those accounts make some that have
   * others there already.
   * @default false
   */
  readonly allowRestrictedRegions?: boolean;
}

/** Options of {@link DigitalOceanHost.inRegions}. */
export interface DigitalOceanHostsProps extends DigitalOceanHostGroupProps, DigitalOceanMachineProps {
  /**
   * Ids of the machines' VPCs, by region, for example `{ lon1: vpc.id }`. Changing one replaces no machine unless
   * `generation` changes too: a machine can't move.
   * @default - each region's default VPC
   */
  readonly vpcIds?: Record<string, string>;
}

/** One droplet for an etcd member. */
export interface DigitalOceanHostProps extends DigitalOceanMachineProps {
  /** The group that it belongs to: what it shares with the other machines of the cluster. */
  readonly group: DigitalOceanHostGroup;
  /** Region slug, for example "lon1". */
  readonly region: string;
  /**
   * Name of the machine and of the member on it: a DNS label.
   * @default - the group's prefix and the region, for example "etcd-lon1"
   */
  readonly hostName?: string;
  /**
   * Id of the machine's VPC. Changing it replaces no machine unless `generation` changes too: a machine can't move.
   * @default - the region's default VPC
   */
  readonly vpcId?: string;
}

/** A reader for each of {@link DigitalOceanMachineProps}. */
export const MACHINE: ShapeOf<DigitalOceanMachineProps> = {
  image: lateText,
  imageFamily: text,
  size: lateText,
  monitoring: flag,
  tags: list(lateText),
  cloudInitParts: CLOUD_INIT_PARTS,
  generation: lateNumber,
  bootTimeoutSeconds: number,
  allowRestrictedRegions: flag,
};

/** What {@link DigitalOceanHostsProps} are made of. */
const HOSTS = shape<DigitalOceanHostsProps>({ ...HOST_GROUP, ...MACHINE, vpcIds: record(lateText) });

/** What {@link DigitalOceanHostProps} are made of. */
const HOST = shape<DigitalOceanHostProps>({
  ...MACHINE,
  group: required(instance(DigitalOceanHostGroup, 'new DigitalOceanHostGroup(this, "hosts", { ... })')),
  region: required(text),
  hostName: text,
  vpcId: lateText,
});

/** Those of the props that a shape has a reader for. */
export function among<T extends object>(readers: ShapeOf<T>, props: T): T {
  return Object.fromEntries(Object.entries(props).filter(([name]) => name in readers)) as T;
}

/** Each region, the second machine of one with a number: "lon1", "lon1-2". */
export function suffixesOf(regions: readonly string[]): string[] {
  return regions.map((region, index) => {
    const count = regions.slice(0, index + 1).filter((other) => other === region).length;
    return count === 1 ? region : `${region}-${count}`;
  });
}

/** Throws unless machines can be made of this, before any is. */
export function requireHosts(regions: string[], props: DigitalOceanHostsProps): void {
  read("regions", regions, required(list(text)));
  read("", props, required(HOSTS));
  requireMachine(props);
  for (const region of regions) requireRegion(region, props.allowRestrictedRegions ?? false);
  requireDnsLabel("namePrefix", props.namePrefix ?? "etcd");
  requirePrefixOf(props.namePrefix ?? "etcd", suffixesOf(regions));
  for (const [region, id] of Object.entries<string | undefined>(props.vpcIds ?? {})) {
    if (id !== undefined) requireVpcId(`vpcIds.${region}`, id);
  }
  const unused = Object.keys(props.vpcIds ?? {}).find((region) => !regions.includes(region));
  if (unused === undefined) return;
  throw new ValidationError({
    what: "vpcIds",
    given: `one for ${shown(unused)}`,
    expected: `VPCs by region, of ${regions.join(", ")}`,
    mend: "take it out, or correct the region",
  });
}

/** What DigitalOcean takes as user data, in bytes. */
const MOST_USER_DATA_BYTES = 64 * 1024;

function requireMachine(props: DigitalOceanMachineProps): void {
  requireInteger("bootTimeoutSeconds", props.bootTimeoutSeconds ?? DEFAULT_BOOT_SECONDS, 30, 3600, "seconds");
  requireImage(props.image ?? DEFAULT_IMAGE, props.imageFamily);
  requireSize(props.size ?? DEFAULT_SIZE);
  requireTags(props.tags ?? []);
  requireCloudInitParts("cloudInitParts", props.cloudInitParts ?? [], MOST_USER_DATA_BYTES);
  requireGeneration(props.generation ?? 1);
}

export const DEFAULT_IMAGE = "debian-13-x64";
export const DEFAULT_SIZE = "s-2vcpu-2gb";
export const DEFAULT_BOOT_SECONDS = 300;

/** Throws unless a machine can be made of this, before it is. */
export function requireHost(props: DigitalOceanHostProps): void {
  read("", props, required(HOST));
  requireMachine(props);
  requireRegion(props.region, props.allowRestrictedRegions ?? false);
  if (props.hostName === undefined) requirePrefixOf(props.group.namePrefix, [props.region]);
  requireDnsLabel("hostName", hostNameOf(props));
  if (props.vpcId !== undefined) requireVpcId("vpcId", props.vpcId);
}

export function hostNameOf({ group, hostName, region }: DigitalOceanHostProps): string {
  return hostName ?? `${group.namePrefix}-${region}`;
}
