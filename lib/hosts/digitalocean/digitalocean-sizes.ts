/** Memory and disk of a droplet size. */
export interface DropletSize {
  readonly memoryMiB: number;
  readonly diskGiB: number;
}

const GIB = 1024;

/**
 * Memory and disk by size slug, from DigitalOcean's published list of droplet sizes (November 2026). Used only to
 * check the database's quota; a size that is not in here is accepted unchecked.
 */
const SIZES: ReadonlyMap<string, DropletSize> = new Map(
  Object.entries({
    "s-1vcpu-512mb-10gb": { memoryMiB: 512, diskGiB: 10 },
    "s-1vcpu-1gb": { memoryMiB: GIB, diskGiB: 25 },
    "s-1vcpu-2gb": { memoryMiB: 2 * GIB, diskGiB: 50 },
    "s-2vcpu-2gb": { memoryMiB: 2 * GIB, diskGiB: 60 },
    "s-2vcpu-4gb": { memoryMiB: 4 * GIB, diskGiB: 80 },
    "s-4vcpu-8gb": { memoryMiB: 8 * GIB, diskGiB: 160 },
    "s-8vcpu-16gb": { memoryMiB: 16 * GIB, diskGiB: 320 },
    "g-2vcpu-8gb": { memoryMiB: 8 * GIB, diskGiB: 25 },
    "g-4vcpu-16gb": { memoryMiB: 16 * GIB, diskGiB: 50 },
    "c-2": { memoryMiB: 4 * GIB, diskGiB: 25 },
    "c-4": { memoryMiB: 8 * GIB, diskGiB: 50 },
    "m-2vcpu-16gb": { memoryMiB: 16 * GIB, diskGiB: 50 },
  }),
);

/** Memory and disk of a size slug (suffixes such as -amd, -intel share them), or undefined for one not known. */
export function dropletSize(slug: string): DropletSize | undefined {
  return SIZES.get(slug) ?? SIZES.get(slug.replace(/-(amd|intel)$/, ""));
}
