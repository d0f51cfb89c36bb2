import type { Body } from "./body";
import { findImage, findRegion, findSize, type Image, type Region, REGIONS, type Size } from "./catalog";
import { invalid, unprocessable } from "./errors";
import { noSuchRegion } from "./region-request";
import type { BackupPolicy, SshKey, State, Volume, Vpc } from "./model";

const HOST_NAME = /^[a-zA-Z0-9]?[a-z0-9A-Z.-]*[a-z0-9A-Z]$/;
const MOST_USER_DATA_BYTES = 64 * 1024;
const WEEKDAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const BACKUP_HOURS = [0, 4, 8, 12, 16, 20];

/** A checked `POST /v2/droplets`. */
export interface DropletRequest {
  readonly name: string;
  readonly region: Region;
  readonly size: Size;
  readonly imageId: number;
  readonly keys: readonly SshKey[];
  readonly backups?: BackupPolicy;
  readonly ipv6: boolean;
  readonly monitoring: boolean;
  readonly agent: boolean;
  readonly tags: readonly string[];
  readonly userData?: string;
  readonly volumes: readonly Volume[];
  readonly vpc?: Vpc;
}

export function readDropletRequest(state: State, body: Body): DropletRequest {
  const name = readName(body);
  const size = readSize(body);
  const region = chooseRegion(body, size);
  const image = readImage(body);
  if (image.minDiskSize > size.diskGiB) {
    throw invalid("size", size.slug, `a size with a disk of at least ${image.minDiskSize} GiB for this image`);
  }
  if (!body.boolean("public_networking", true)) {
    throw invalid("public_networking", false, "true: a droplet without public network is not to be had here");
  }
  const backups = body.boolean("backups") ? readBackupPolicy(body) : undefined;
  const userData = readUserData(body);
  const vpc = readVpc(state, body, region);
  return {
    name,
    region,
    size,
    imageId: image.id,
    keys: body.list("ssh_keys").map((key) => readKey(state, key.name, key.value)),
    ...(backups ? { backups } : {}),
    ipv6: body.boolean("ipv6"),
    monitoring: body.boolean("monitoring"),
    agent: body.boolean("with_droplet_agent", true),
    tags: body.strings("tags"),
    ...(userData === undefined ? {} : { userData }),
    volumes: body.list("volumes").map((volume) => readVolume(state, volume.name, volume.value, region)),
    ...(vpc ? { vpc } : {}),
  };
}

export function readName(body: Body): string {
  return body.string(
    "name",
    (text) => text.length <= 255 && HOST_NAME.test(text),
    "a host name: only the characters a-z, A-Z, 0-9, . and - are allowed",
  );
}

/** @default weekly, on Sunday at midnight */
export function readBackupPolicy(body: Body): BackupPolicy {
  if (!body.has("backup_policy")) return { plan: "weekly", weekday: "SUN", hour: 0 };
  const policy = body.object("backup_policy");
  const plan = policy.oneOf("plan", ["daily", "weekly"]);
  const weekday = policy.optionalString("weekday", (text) => WEEKDAYS.includes(text), `one of ${WEEKDAYS.join(", ")}`);
  const hour = policy.optionalInteger("hour", 0, 23) ?? 0;
  if (!BACKUP_HOURS.includes(hour)) throw invalid(policy.name("hour"), hour, `one of ${BACKUP_HOURS.join(", ")}`);
  if (plan === "daily") return { plan, hour };
  return { plan, weekday: weekday === undefined || weekday === "" ? "SUN" : weekday, hour };
}

export function readSize(body: Body): Size {
  const slug = body.string("size");
  const size = findSize(slug);
  if (!size) throw invalid("size", slug, "the slug of a size, as GET /v2/sizes lists them");
  return size;
}

/** The image that the body names by slug or by id. */
export function readImage(body: Body): Image {
  const given = body.raw("image");
  const image = typeof given === "string" || typeof given === "number" ? findImage(given) : undefined;
  if (!image) throw invalid("image", given, "the slug or id of an image, as GET /v2/images lists them");
  return image;
}

/** As at DigitalOcean, "nyc" is any of nyc1, nyc2 and nyc3, and no region is any region. */
function chooseRegion(body: Body, size: Size): Region {
  const given = body.optionalString("region") ?? "";
  const candidates = REGIONS.filter((one) => one.available && size.regions.includes(one.slug));
  if (given === "") {
    const any = candidates.at(0);
    if (any) return any;
  }
  const exact = findRegion(given);
  if (exact && !exact.available) throw invalid("region", given, "a region that accepts new droplets");
  if (exact && !candidates.includes(exact)) {
    throw invalid(
      "size",
      size.slug,
      `a size that is available in ${exact.slug}; this one is in ${size.regions.join(", ")}`,
    );
  }
  const region =
    exact ??
    (/^[a-z]{3}$/i.test(given) ? candidates.find((one) => one.slug.startsWith(given.toLowerCase())) : undefined);
  if (!region) throw noSuchRegion(body);
  return region;
}

function readKey(state: State, field: string, given: unknown): SshKey {
  const key = state.keys.find((one) => String(one.id) === String(given) || one.fingerprint === given);
  if (!key) throw unprocessable(`${field}: ${JSON.stringify(given)} are invalid key identifiers for Droplet creation.`);
  return key;
}

function readUserData(body: Body): string | undefined {
  const userData = body.optionalString("user_data");
  if (userData === undefined || userData === "") return undefined;
  const bytes = Buffer.byteLength(userData);
  if (bytes > MOST_USER_DATA_BYTES) {
    throw unprocessable(`user_data: given ${bytes} bytes, expected at most ${MOST_USER_DATA_BYTES} (64 KiB)`);
  }
  return userData;
}

function readVolume(state: State, field: string, given: unknown, region: Region): Volume {
  const wanted =
    typeof given === "object" && given !== null ? (given as { id?: unknown; name?: unknown }) : { id: given };
  const volume = state.volumes.find(
    (one) =>
      one.id === wanted.id || (wanted.name !== undefined && one.name === wanted.name && one.region === region.slug),
  );
  if (volume?.region !== region.slug) throw invalid(field, given, `a volume in ${region.slug}`);
  if (volume.dropletId !== undefined) throw invalid(field, given, "a volume that is not attached to a droplet");
  return volume;
}

function readVpc(state: State, body: Body, region: Region): Vpc | undefined {
  const given = body.optionalString("vpc_uuid");
  if (given === undefined || given === "") return undefined;
  const vpc = state.vpcs.find((one) => one.id === given.toLowerCase());
  if (!vpc) throw invalid("vpc_uuid", given, "the id of a VPC, as GET /v2/vpcs lists them");
  if (vpc.region !== region.slug)
    throw invalid("vpc_uuid", given, `a VPC in ${region.slug}; this one is in ${vpc.region}`);
  return vpc;
}
