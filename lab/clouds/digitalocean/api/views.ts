import { findImage, type Image, region, REGIONS, type Size, size, sizesIn } from "./catalog";
import { ipv6Gateway, netmask, publicGateway, vpcRange, formatIpv4 } from "./ipam";
import type { BackupPolicy, Droplet, SnapshotImage, State } from "./model";

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

export function renderImage(image: Image): Json {
  return {
    id: image.id,
    name: image.name,
    distribution: image.distribution,
    slug: image.slug,
    public: true,
    regions: REGIONS.map(({ slug }) => slug),
    created_at: image.createdAt,
    min_disk_size: image.minDiskSize,
    type: "base",
    size_gigabytes: image.sizeGigabytes,
    description: `${image.distribution} ${image.name}`,
    tags: [],
    status: "available",
    error_message: "",
  };
}

export function renderSnapshotImage(image: SnapshotImage): Json {
  return {
    id: image.id,
    name: image.name,
    distribution: findImage(image.baseSlug)?.distribution ?? "Unknown",
    slug: null,
    public: false,
    regions: [image.region],
    created_at: image.createdAt,
    min_disk_size: image.minDiskSize,
    type: "snapshot",
    size_gigabytes: 1,
    description: "",
    tags: image.tags,
    status: "available",
    error_message: "",
  };
}

/** @param locked Whether something is being done to the droplet. */
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
    // A droplet that is being destroyed must not be seen as `new`: clients give up on it.
    status: droplet.destroying && droplet.status === "new" ? "off" : droplet.status,
    kernel: null,
    created_at: droplet.createdAt,
    features: features(droplet),
    backup_ids: [],
    next_backup_window: droplet.backups ? nextBackupWindow(droplet.backups) : null,
    snapshot_ids: state.images.filter((image) => image.dropletId === droplet.id).map((image) => image.id),
    image: renderImageById(state, droplet.imageId),
    volume_ids: state.volumes.filter((volume) => volume.dropletId === droplet.id).map((volume) => volume.id),
    size: renderSize(itsSize),
    size_slug: droplet.size,
    networks: networks(state, droplet),
    region: renderRegion(droplet.region),
    tags: droplet.tags,
    vpc_uuid: droplet.vpcId,
  };
}

export function renderBackupPolicy(policy: BackupPolicy): Json {
  return {
    plan: policy.plan,
    ...(policy.weekday === undefined ? {} : { weekday: policy.weekday }),
    hour: policy.hour,
    window_length_hours: BACKUP_WINDOW_HOURS,
    retention_period_days: policy.plan === "daily" ? 7 : 28,
  };
}

export function nextBackupWindow(policy: BackupPolicy, now = new Date()): Json {
  const start = new Date(now);
  start.setUTCHours(policy.hour, 0, 0, 0);
  const onDay = (date: Date): boolean =>
    policy.plan === "daily" || WEEKDAYS[date.getUTCDay()] === (policy.weekday ?? "SUN");
  while (start <= now || !onDay(start)) start.setUTCDate(start.getUTCDate() + 1);
  const end = new Date(start.getTime() + BACKUP_WINDOW_HOURS * 3_600_000);
  return { start: start.toISOString(), end: end.toISOString() };
}

export function renderImageById(state: State, id: number): Json | null {
  const image = findImage(id);
  if (image) return renderImage(image);
  const snapshot = state.images.find((one) => one.id === id);
  return snapshot ? renderSnapshotImage(snapshot) : null;
}

/** Every entry is an opinion to the provider: `monitoring`, `ipv6` and `backups` are there if and only if they are on. */
function features(droplet: Droplet): string[] {
  return [
    ...(droplet.backups ? ["backups"] : []),
    ...(droplet.publicIpv6 === undefined ? [] : ["ipv6"]),
    ...(droplet.monitoring ? ["monitoring"] : []),
    ...(droplet.agent ? ["droplet_agent"] : []),
    "private_networking",
  ];
}

/** Addresses show up together with `active`: a client that sees the one may rely on the other. */
function networks(state: State, droplet: Droplet): Json {
  const vpc = state.vpcs.find((one) => one.id === droplet.vpcId);
  if (droplet.status === "new" || droplet.status === "errored" || !vpc) return { v4: [], v6: [] };
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
