import type { Body } from "./body";
import { conflict, invalid } from "./errors";
import { newUuid, timestamp } from "./ids";
import type { State, Volume } from "./model";
import { readRegion } from "./region-request";
import { tagsForNew } from "./tagging";
import { type Json, renderRegion } from "./views";

export const LARGEST_GIGABYTES = 16_384;

const LABEL_LENGTH: Readonly<Record<string, number>> = { "": 16, ext4: 16, xfs: 12 };

export function readNewVolume(state: State, body: Body, uri: string): Volume {
  const region = readRegion(body);
  const snapshot = body.optionalString("snapshot_id") ?? "";
  if (snapshot !== "") throw invalid("snapshot_id", snapshot, "no snapshot: there are none here");
  const name = body.string(
    "name",
    (text) => /^[a-z][a-z0-9-]{0,63}$/.test(text),
    "a lower-case letter, then lower-case letters, digits and dashes, 64 at most",
  );
  if (state.volumes.some((one) => one.name === name && one.region === region.slug)) {
    throw conflict(`a volume with the name ${name} already exists in ${region.slug}`);
  }
  const sizeGigabytes = body.integer("size_gigabytes", 1, LARGEST_GIGABYTES);
  const filesystemType = body.optionalString("filesystem_type") ?? "";
  if (!Object.hasOwn(LABEL_LENGTH, filesystemType)) throw invalid("filesystem_type", filesystemType, "ext4 or xfs");
  const longest = LABEL_LENGTH[filesystemType];
  const filesystemLabel =
    body.optionalString("filesystem_label", (text) => text.length <= longest, `at most ${longest} characters`) ?? "";
  const description = body.optionalString("description") ?? "";
  const tagNames = body.strings("tags");
  const id = newUuid();
  return {
    id,
    name,
    description,
    region: region.slug,
    sizeGigabytes,
    filesystemType,
    filesystemLabel,
    tags: tagsForNew(state, tagNames, "volumes", `${uri}/volumes/${id}`),
    createdAt: timestamp(),
  };
}

export function renderVolume(volume: Volume): Json {
  return {
    id: volume.id,
    name: volume.name,
    description: volume.description,
    region: renderRegion(volume.region),
    size_gigabytes: volume.sizeGigabytes,
    filesystem_type: volume.filesystemType,
    filesystem_label: volume.filesystemLabel,
    tags: volume.tags,
    droplet_ids: volume.dropletId === undefined ? [] : [volume.dropletId],
    created_at: volume.createdAt,
  };
}
