import { type ApiError, invalid } from "./errors";
import type { State, Tag, TaggedType } from "./model";

const TAG_NAME = /^[A-Za-z0-9_:-]{1,255}$/;

/** Names are compared without case; a tag keeps the spelling it was first created with. */
export function findTag(state: State, name: string): Tag | undefined {
  return state.tags.find((tag) => tag.name.toLowerCase() === name.toLowerCase());
}

export function isTagName(name: unknown): name is string {
  return typeof name === "string" && TAG_NAME.test(name);
}

export function invalidTagName(field: string, name: unknown): ApiError {
  return invalid(field, name, "letters, digits, colons, dashes and underscores, 1 to 255 of them");
}

export function checkTagName(field: string, name: unknown): string {
  if (!isTagName(name)) throw invalidTagName(field, name);
  return name;
}

export function ensureTag(state: State, name: string): Tag {
  const existing = findTag(state, name);
  if (existing) return existing;
  const tag: Tag = { name, lastTagged: {} };
  state.tags.push(tag);
  return tag;
}

/** The tags of a new resource, in the account's spelling; those that do not exist are created. */
export function tagsForNew(state: State, names: readonly string[], type: TaggedType, uri: string): string[] {
  names.forEach((name, index) => checkTagName(`tags[${index}]`, name));
  const tags = new Set(names.map((name) => ensureTag(state, name)));
  for (const tag of tags) markTagged(tag, type, uri);
  return [...tags].map((tag) => tag.name);
}

/** For firewalls: DigitalOcean does not create tags that a firewall mentions. */
export function existingTags(state: State, field: string, names: readonly string[]): string[] {
  const tags = names.map((name, index) => {
    const tag = findTag(state, checkTagName(`${field}[${index}]`, name));
    if (!tag) throw invalid(`${field}[${index}]`, name, "a tag that exists; create it first");
    return tag.name;
  });
  return [...new Set(tags)];
}

export function markTagged(tag: Tag, type: TaggedType, uri: string): void {
  tag.lastTagged[type] = uri;
  tag.lastTagged.any = uri;
}
