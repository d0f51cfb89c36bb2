import { randomUUID } from "node:crypto";

import type { State } from "./model";

export type Sequence = "droplet" | "key" | "action" | "record";

const FIRST: Readonly<Record<Sequence, number>> = {
  droplet: 3_000_001,
  key: 500_001,
  action: 20_000_001,
  record: 700_001,
};

/** The provider takes any error text that contains "404" for "not found", and ids appear in error texts. */
export function looksLikeNotFound(text: string): boolean {
  return text.includes("404");
}

/** The next number of a sequence; none is used twice. */
export function nextId(state: State, sequence: Sequence): number {
  let id = state.sequences[sequence] ?? FIRST[sequence];
  while (looksLikeNotFound(String(id))) id += 1;
  state.sequences[sequence] = id + 1;
  return id;
}

export function newUuid(): string {
  let id = randomUUID();
  while (looksLikeNotFound(id)) id = randomUUID();
  return id;
}

/** DigitalOcean's uniform resource name. */
export function urn(type: string, id: string | number): string {
  return `do:${type}:${id}`;
}

/** The time to the second, as DigitalOcean writes it. */
export function timestamp(date = new Date()): string {
  return date.toISOString().replace(/\.\d+Z$/, "Z");
}
