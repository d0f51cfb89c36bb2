import { type Image, image, region, REGIONS, type Size, size, sizesIn } from "./catalog";
import { ipv6Gateway, netmask, publicGateway, vpcRange, formatIpv4 } from "./ipam";
import type { BackupPolicy, Droplet, State } from "./model";

const REGION_FEATURES = ["backups", "ipv6", "metadata", "install_agent", "storage", "image_transfer"];
const BACKUP_WINDOW_HOURS = 4;
const WEEKDAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

export type Json = Record<string, unknown>;

export function renderRegion(slug: string): Json {
  const { name, available } = region(slug);
  return { name, slug, features: REGION_FEATURES, available, sizes: available ? sizesIn(slug) : [] };
}

export function renderSize(one: Size): Json {
  return {
    slug: one.slug,
    memory: one.memoryMiB,
    vcpus: one.vcpus,
    disk: one.diskGiB,
    transfer: one.transferTiB,
    price_monthly: one.priceMonthly,
    price_hourly: one.priceHourly,
    regions: one.regions,
    available: true,
    description: one.description,
    disk_info: diskInfo(one.diskGiB),
  };
}

export function renderImage(one: Image): Json {
  return {
    id: one.id,
    name: one.name,
    distribution: one.distribution,
    slug: one.slug,
    public: true,
    regions: REGIONS.map(({ slug }) => slug),
    created_at: one.createdAt,
    min_disk_size: one.minDiskSize,
    type: "base",
    size_gigabytes: one.sizeGigabytes,
    description: `${one.distribution} ${one.name}`,
    tags: [],
    status: "available",
    error_message: "",
  };
}

/** @param locked Whether an action on the droplet is in progress. */
export function renderDroplet(state: State, droplet: Droplet, locked: boolean): Json {
  const itsSize = size(droplet.size);
  return {
    id: droplet.id,
    name: droplet.name,
    memory: itsSize.memoryMiB,
    vcpus: itsSize.vcpus,
    disk: droplet.disk,
    disk_info: diskInfo(droplet.disk),
    locked,
    // Never `new` while being destroyed: a client that waits for it to be gone would give up.
    status: droplet.destroying && droplet.status === "new" ? "off" : droplet.status,
    kernel: null,
    created_at: droplet.createdAt,
    features: features(droplet),
    backup_ids: [],
    next_backup_window: droplet.backups ? nextBackupWindow(droplet.backups) : null,
    snapshot_ids: [],
    image: renderImage(image(droplet.imageId)),
    volume_ids: state.volumes.filter((volume) => volume.dropletId === droplet.id).map((volume) => volume.id),
    size: renderSize(itsSize),
    size_slug: droplet.size,
    networks: networks(state, droplet),
    region: renderRegion(droplet.region),
    tags: droplet.tags,
    vpc_uuid: droplet.vpcId,
  };
}

function nextBackupWindow(policy: BackupPolicy, now = new Date()): Json {
  const start = new Date(now);
  start.setUTCHours(policy.hour, 0, 0, 0);
  const onDay = (date: Date): boolean =>
    policy.plan === "daily" || WEEKDAYS[date.getUTCDay()] === (policy.weekday ?? "SUN");
  while (start <= now || !onDay(start)) start.setUTCDate(start.getUTCDate() + 1);
  const end = new Date(start.getTime() + BACKUP_WINDOW_HOURS * 3_600_000);
  return { start: start.toISOString(), end: end.toISOString() };
}

/** The provider reads `monitoring`, `ipv6` and `backups` as on if and only if they are listed. */
function features(droplet: Droplet): string[] {
  return [
    ...(droplet.backups ? ["backups"] : []),
    ...(droplet.publicIpv6 === undefined ? [] : ["ipv6"]),
    ...(droplet.monitoring ? ["monitoring"] : []),
    ...(droplet.agent ? ["droplet_agent"] : []),
    "private_networking",
  ];
}

/** Addresses appear together with `active`, as clients expect. */
function networks(state: State, droplet: Droplet): Json {
  const vpc = state.vpcs.find((one) => one.id === droplet.vpcId);
  if (droplet.status === "new" || droplet.status === "archive" || !vpc) return { v4: [], v6: [] };
  const range = vpcRange(vpc);
  return {
    v4: [
      {
        ip_address: droplet.publicIpv4,
        netmask: netmask(24),
        gateway: publicGateway(droplet.region),
        type: "public",
      },
      {
        ip_address: droplet.privateIpv4,
        netmask: netmask(range.prefix),
        gateway: formatIpv4(range.first + 1),
        type: "private",
      },
    ],
    v6:
      droplet.publicIpv6 === undefined
        ? []
        : [{ ip_address: droplet.publicIpv6, netmask: 64, gateway: ipv6Gateway(droplet.region), type: "public" }],
  };
}

function diskInfo(amount: number): Json[] {
  return [{ type: "local", size: { amount, unit: "gib" } }];
}
