/** What DigitalOcean offers: regions, sizes and public images. Prices and availability are close to the real ones. */
export interface Region {
  readonly slug: string;
  readonly name: string;
  /** Third byte of the region's public network, 198.18.<index>.0/24; never changes. */
  readonly index: number;
  /** Whether new droplets are accepted. */
  readonly available: boolean;
}

export interface Size {
  readonly slug: string;
  readonly description: string;
  readonly memoryMiB: number;
  readonly vcpus: number;
  readonly diskGiB: number;
  readonly transferTiB: number;
  readonly priceMonthly: number;
  readonly priceHourly: number;
  readonly regions: readonly string[];
}

export interface Image {
  readonly id: number;
  readonly slug: string;
  readonly name: string;
  readonly distribution: string;
  readonly kind: "distribution" | "application";
  readonly minDiskSize: number;
  readonly sizeGigabytes: number;
  readonly createdAt: string;
}

export const REGIONS: readonly Region[] = [
  { slug: "lon1", name: "London 1", index: 1, available: true },
  { slug: "nyc3", name: "New York 3", index: 2, available: true },
  { slug: "sgp1", name: "Singapore 1", index: 3, available: true },
  { slug: "nyc1", name: "New York 1", index: 4, available: true },
  { slug: "nyc2", name: "New York 2", index: 5, available: true },
  { slug: "sfo2", name: "San Francisco 2", index: 6, available: true },
  { slug: "sfo3", name: "San Francisco 3", index: 7, available: true },
  { slug: "ams3", name: "Amsterdam 3", index: 8, available: true },
  { slug: "fra1", name: "Frankfurt 1", index: 9, available: true },
  { slug: "tor1", name: "Toronto 1", index: 10, available: true },
  { slug: "blr1", name: "Bangalore 1", index: 11, available: true },
  { slug: "syd1", name: "Sydney 1", index: 12, available: true },
  { slug: "atl1", name: "Atlanta 1", index: 13, available: true },
  { slug: "ric1", name: "Richmond 1", index: 14, available: true },
  { slug: "sfo1", name: "San Francisco 1", index: 15, available: false },
  { slug: "ams2", name: "Amsterdam 2", index: 16, available: false },
];

const OPEN = REGIONS.filter((one) => one.available).map((one) => one.slug);
const without = (...closed: string[]): readonly string[] => OPEN.filter((slug) => !closed.includes(slug));

/** Where a family of sizes is available: not all everywhere, so that "not in this region" can occur in the lab too. */
const FAMILY_REGIONS = {
  everywhere: OPEN,
  smallest: ["ams3", "blr1", "fra1", "lon1", "nyc1", "sfo2", "sfo3", "sgp1", "syd1", "tor1"],
  premium: without("nyc2", "sfo2"),
  dedicated: without("nyc2", "ric1"),
  storage: ["ams3", "blr1", "fra1", "lon1", "nyc1", "nyc3", "sfo3", "sgp1", "syd1", "tor1"],
} as const;

type SizeRow = readonly [
  slug: string,
  memoryGiB: number,
  vcpus: number,
  diskGiB: number,
  transferTiB: number,
  priceMonthly: number,
];

function family(description: string, regions: readonly string[], rows: readonly SizeRow[]): Size[] {
  return rows.map(([slug, memoryGiB, vcpus, diskGiB, transferTiB, priceMonthly]) => ({
    slug,
    description,
    memoryMiB: memoryGiB * 1024,
    vcpus,
    diskGiB,
    transferTiB,
    priceMonthly,
    // A month is billed as at most 672 hours, 28 days.
    priceHourly: Number((priceMonthly / 672).toFixed(5)),
    regions,
  }));
}

export const SIZES: readonly Size[] = [
  ...family("Basic", FAMILY_REGIONS.smallest, [["s-1vcpu-512mb-10gb", 0.5, 1, 10, 0.5, 4]]),
  ...family("Basic", FAMILY_REGIONS.everywhere, [
    ["s-1vcpu-1gb", 1, 1, 25, 1, 6],
    ["s-1vcpu-2gb", 2, 1, 50, 2, 12],
    ["s-2vcpu-2gb", 2, 2, 60, 3, 18],
    ["s-2vcpu-4gb", 4, 2, 80, 4, 24],
    ["s-4vcpu-8gb", 8, 4, 160, 5, 48],
    ["s-8vcpu-16gb", 16, 8, 320, 6, 96],
    ["s-8vcpu-32gb", 32, 8, 640, 7, 192],
  ]),
  ...family("Basic AMD", FAMILY_REGIONS.premium, [
    ["s-1vcpu-1gb-amd", 1, 1, 25, 1, 7],
    ["s-1vcpu-2gb-amd", 2, 1, 50, 2, 14],
    ["s-2vcpu-2gb-amd", 2, 2, 60, 3, 21],
    ["s-2vcpu-4gb-amd", 4, 2, 80, 4, 28],
    ["s-2vcpu-8gb-amd", 8, 2, 100, 5, 42],
    ["s-4vcpu-8gb-amd", 8, 4, 160, 5, 56],
    ["s-4vcpu-16gb-amd", 16, 4, 200, 8, 84],
    ["s-8vcpu-16gb-amd", 16, 8, 320, 6, 112],
    ["s-8vcpu-32gb-amd", 32, 8, 400, 10, 168],
  ]),
  ...family("Basic Intel", FAMILY_REGIONS.premium, [
    ["s-1vcpu-1gb-intel", 1, 1, 25, 1, 7],
    ["s-1vcpu-1gb-35gb-intel", 1, 1, 35, 1, 8],
    ["s-1vcpu-2gb-intel", 2, 1, 50, 2, 14],
    ["s-1vcpu-2gb-70gb-intel", 2, 1, 70, 2, 16],
    ["s-2vcpu-2gb-intel", 2, 2, 60, 3, 21],
    ["s-2vcpu-2gb-90gb-intel", 2, 2, 90, 3, 24],
    ["s-2vcpu-4gb-intel", 4, 2, 80, 4, 28],
    ["s-2vcpu-4gb-120gb-intel", 4, 2, 120, 4, 32],
    ["s-2vcpu-8gb-160gb-intel", 8, 2, 160, 5, 48],
    ["s-4vcpu-8gb-intel", 8, 4, 160, 5, 56],
    ["s-4vcpu-8gb-240gb-intel", 8, 4, 240, 6, 64],
    ["s-4vcpu-16gb-320gb-intel", 16, 4, 320, 8, 96],
    ["s-8vcpu-16gb-intel", 16, 8, 320, 6, 112],
    ["s-8vcpu-16gb-480gb-intel", 16, 8, 480, 7, 128],
    ["s-8vcpu-32gb-640gb-intel", 32, 8, 640, 10, 192],
  ]),
  ...family("CPU-Optimized", FAMILY_REGIONS.everywhere, [
    ["c-2", 4, 2, 25, 4, 42],
    ["c-4", 8, 4, 50, 5, 84],
    ["c-8", 16, 8, 100, 6, 168],
    ["c-16", 32, 16, 200, 7, 336],
    ["c-32", 64, 32, 400, 9, 672],
  ]),
  ...family("CPU-Optimized 2x SSD", FAMILY_REGIONS.dedicated, [
    ["c2-2vcpu-4gb", 4, 2, 50, 4, 47],
    ["c2-4vcpu-8gb", 8, 4, 100, 5, 94],
    ["c2-8vcpu-16gb", 16, 8, 200, 6, 188],
    ["c2-16vcpu-32gb", 32, 16, 400, 7, 376],
  ]),
  ...family("General Purpose", FAMILY_REGIONS.dedicated, [
    ["g-2vcpu-8gb", 8, 2, 25, 4, 63],
    ["g-4vcpu-16gb", 16, 4, 50, 5, 126],
    ["g-8vcpu-32gb", 32, 8, 100, 6, 252],
    ["g-16vcpu-64gb", 64, 16, 200, 7, 504],
    ["g-32vcpu-128gb", 128, 32, 400, 8, 1008],
  ]),
  ...family("General Purpose 2x SSD", FAMILY_REGIONS.dedicated, [
    ["gd-2vcpu-8gb", 8, 2, 50, 4, 68],
    ["gd-4vcpu-16gb", 16, 4, 100, 5, 136],
    ["gd-8vcpu-32gb", 32, 8, 200, 6, 272],
  ]),
  ...family("Memory-Optimized", FAMILY_REGIONS.dedicated, [
    ["m-2vcpu-16gb", 16, 2, 50, 4, 84],
    ["m-4vcpu-32gb", 32, 4, 100, 6, 168],
    ["m-8vcpu-64gb", 64, 8, 200, 7, 336],
    ["m-16vcpu-128gb", 128, 16, 400, 8, 672],
  ]),
  ...family("Memory-Optimized 3x SSD", FAMILY_REGIONS.storage, [
    ["m3-2vcpu-16gb", 16, 2, 150, 4, 104],
    ["m3-4vcpu-32gb", 32, 4, 300, 6, 208],
  ]),
  ...family("Storage-Optimized", FAMILY_REGIONS.storage, [
    ["so-2vcpu-16gb", 16, 2, 300, 4, 131],
    ["so-4vcpu-32gb", 32, 4, 600, 6, 262],
    ["so1_5-2vcpu-16gb", 16, 2, 450, 4, 163],
  ]),
];

type ImageRow = readonly [id: number, slug: string, name: string, sizeGigabytes: number, createdAt: string];

function images(distribution: string, kind: Image["kind"], minDiskSize: number, rows: readonly ImageRow[]): Image[] {
  return rows.map(([id, slug, name, sizeGigabytes, createdAt]) => ({
    id,
    slug,
    name,
    distribution,
    kind,
    minDiskSize,
    sizeGigabytes,
    createdAt: `${createdAt}T12:00:00Z`,
  }));
}

export const IMAGES: readonly Image[] = [
  ...images("Debian", "distribution", 7, [
    [112929408, "debian-11-x64", "11 x64", 0.55, "2023-02-10"],
    [196611872, "debian-12-x64", "12 x64", 0.69, "2025-06-12"],
    [209381525, "debian-13-x64", "13 x64", 0.71, "2025-10-08"],
  ]),
  ...images("Ubuntu", "distribution", 7, [
    [129210938, "ubuntu-20-04-x64", "20.04 (LTS) x64", 0.63, "2023-03-14"],
    [194371863, "ubuntu-22-04-x64", "22.04 (LTS) x64", 0.68, "2025-05-27"],
    [195932981, "ubuntu-24-04-x64", "24.04 (LTS) x64", 0.65, "2025-06-09"],
    [192398231, "ubuntu-24-10-x64", "24.10 x64", 0.7, "2025-05-14"],
    [196563216, "ubuntu-25-04-x64", "25.04 x64", 0.73, "2025-06-12"],
  ]),
  ...images("Fedora", "distribution", 15, [
    [188812611, "fedora-41-x64", "41 x64", 0.52, "2025-04-24"],
    [190532861, "fedora-42-x64", "42 x64", 0.55, "2025-05-05"],
  ]),
  ...images("CentOS", "distribution", 10, [
    [163288621, "centos-stream-9-x64", "Stream 9 x64", 1.19, "2024-08-14"],
    [182937417, "centos-stream-10-x64", "Stream 10 x64", 0.92, "2025-03-18"],
  ]),
  ...images("AlmaLinux", "distribution", 10, [
    [173893211, "almalinux-8-x64", "8 x64", 1.1, "2024-12-12"],
    [173893218, "almalinux-9-x64", "9 x64", 0.98, "2024-12-12"],
  ]),
  ...images("Rocky Linux", "distribution", 10, [
    [173891201, "rockylinux-8-x64", "8 x64", 1.9, "2024-12-12"],
    [173891205, "rockylinux-9-x64", "9 x64", 1.12, "2024-12-12"],
  ]),
  ...images("Ubuntu", "application", 25, [[134311123, "docker-20-04", "Docker on Ubuntu 22.04", 1.96, "2023-06-07"]]),
];

/** @throws Error if there is no such region: only for slugs that have been checked. */
export function region(slug: string): Region {
  return known(REGIONS, slug);
}

export function size(slug: string): Size {
  return known(SIZES, slug);
}

/** @throws Error if there is no such image: only for ids that have been checked. */
export function image(id: number): Image {
  const found = findImage(id);
  if (!found) throw new Error(`image ${id} is not in the catalog`);
  return found;
}

/** Slugs of regions and sizes are accepted in any case, and answered in lower case. */
export function findRegion(slug: string): Region | undefined {
  return REGIONS.find((one) => one.slug === slug.toLowerCase());
}

export function findSize(slug: string): Size | undefined {
  return SIZES.find((one) => one.slug === slug.toLowerCase());
}

export function findImage(slugOrId: string | number): Image | undefined {
  return IMAGES.find((one) => one.slug === slugOrId || one.id === slugOrId);
}

export function sizesIn(regionSlug: string): string[] {
  return SIZES.filter((one) => one.regions.includes(regionSlug)).map((one) => one.slug);
}

function known<T extends { readonly slug: string }>(all: readonly T[], slug: string): T {
  const found = all.find((one) => one.slug === slug);
  if (!found) throw new Error(`${slug} is not in the catalog`);
  return found;
}
