import { didYouMean } from "../../near-matches";
import { isLate, requireDistinct, requireInteger, shown } from "../../validation";
import { ValidationError } from "../../validation-error";
import { Region } from "../../wan";

/** The images that the node scripts are written for and tested with. */
const IMAGES = ["debian-13-x64", "debian-12-x64", "ubuntu-24-04-x64", "ubuntu-22-04-x64"];

/** Regions where only those may make machines who have some there already, and where others are made instead. */
const RESTRICTED: ReadonlyMap<string, string> = new Map([
  ["ams2", "ams3"],
  ["nyc2", "nyc3"],
  ["sfo2", "sfo3"],
]);

/** `Region.cloud` of those in which machines are made. */
const CLOUD = "digitalocean";

/** Above this, a generation is taken for a typing error. */
const MOST_GENERATIONS = 1_000_000;

/** The slug of a region in which a machine can be made. */
export function requireRegion(slug: string, allowRestricted: boolean): string {
  const region = requireOwnRegion(slug);
  const instead = RESTRICTED.get(region);
  if (instead === undefined || allowRestricted) return region;
  throw new ValidationError({
    what: "region",
    given: shown(region),
    expected: "a region in which every account may make machines",
    mend: `take ${instead}, or say allowRestrictedRegions: true if the account has machines in ${region} already`,
  });
}

/** @throws ValidationError for another cloud's, a metropolitan area, or none at all */
function requireOwnRegion(slug: string): string {
  const region = Region.find(slug);
  if (region?.cloud === CLOUD) return region.slug;
  const known = Region.inCloud(CLOUD).map((own) => own.slug);
  const near = Region.near(slug).filter((other) => known.includes(other));
  throw new ValidationError({
    what: "region",
    given: shown(slug),
    expected: "the slug of a DigitalOcean region",
    mend: didYouMean(near, known),
  });
}

/**
 * An image: a slug, or the numeric id of a snapshot or an image of one's own.
 *
 * @param family the slug that the latter was made from
 */
export function requireImage(image: string, family?: string): string {
  if (family === undefined) return requireSlug("image", image);
  requireSlug("imageFamily", family);
  if (isLate(image) || /^[1-9]\d*$/.test(image)) return image;
  throw new ValidationError({
    what: "image",
    given: `${shown(image)} along with imageFamily`,
    expected: "the numeric id of a snapshot or of an image of your own",
    mend: "copy the id from `doctl compute snapshot list`, or leave imageFamily out",
  });
}

function requireSlug(what: string, image: string): string {
  if (IMAGES.includes(image)) return image;
  throw new ValidationError({
    what,
    given: shown(image),
    expected: `one of ${IMAGES.join(", ")}`,
    mend: "choose one of them: the node scripts rely on systemd, apt and cloud-init as these images have them; a snapshot's id needs imageFamily",
  });
}

export function requireSize(size: string): string {
  if (isLate(size) || /^[a-z0-9][a-z0-9._-]*$/.test(size)) return size;
  throw new ValidationError({
    what: "size",
    given: shown(size),
    expected: "the slug of a droplet size: lower-case letters, digits and hyphens",
    mend: 'copy it from `doctl compute size list`, for example "s-2vcpu-2gb"',
  });
}

/** DigitalOcean's rule for tags. */
export function requireTags(tags: readonly string[], what = "tags"): readonly string[] {
  const wrong = tags.find((tag) => !isLate(tag) && !/^[\p{L}\p{N}:_-]{1,255}$/u.test(tag));
  if (wrong !== undefined) {
    throw new ValidationError({
      what,
      given: shown(wrong),
      expected: "tags as DigitalOcean has them: up to 255 letters, digits, colons, dashes and underscores",
      mend: 'write a dash in place of what is none of these, for example "team-a"',
    });
  }
  requireDistinct(
    what,
    tags.map((tag) => tag.toLowerCase()),
    "name each only once: case makes no difference",
  );
  return tags;
}

export function requireGeneration(generation: number): number {
  if (!isLate(generation)) requireInteger("generation", generation, 0, MOST_GENERATIONS, "");
  return generation;
}

export function requireVpcId(what: string, id: string): void {
  if (isLate(id) || /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) return;
  throw new ValidationError({
    what,
    given: shown(id),
    expected: "the id of a VPC, a UUID",
    mend: "copy it from `doctl vpcs list`, or leave it out for the region's default VPC",
  });
}

/** Names of machines are made of a prefix and these. */
export function requirePrefixOf(prefix: string, suffixes: readonly string[]): void {
  const longest = suffixes.reduce((one, other) => (other.length > one.length ? other : one), "");
  const room = 63 - longest.length - 1;
  if (prefix.length <= room) return;
  throw new ValidationError({
    what: "namePrefix",
    given: `${prefix.length} characters`,
    expected: `at most ${room}: machines are called <namePrefix>-${longest}, a DNS label`,
    mend: "shorten it",
  });
}
