import type { ComparedAccess, ComparedRight, Right } from "../authorization/compared-access";
import { isDrift } from "../authorization/compared-access";
import { endOfPrefix } from "../authorization/permission-props";
import { textTable } from "./text-table";

/** What is shown of a cluster. */
export interface ShownAccess {
  /** The cluster's path in the app. */
  readonly cluster: string;
  /** The member whose machine said what is there. */
  readonly asked: string;
  readonly compared: ComparedAccess;
}

const NOTHING = "-";

/** The comparison as a table, with a word on what to do. */
export function accessText({ cluster, asked, compared }: ShownAccess): string {
  const rows = compared.rights.map((right) => [
    right.user === undefined ? "(nobody)" : writtenOctets(right.user),
    keysText(right),
    right.role === "" ? NOTHING : writtenOctets(right.role),
    wordFor(right.declared),
    wordFor(right.actual),
    markOf(right, compared),
  ]);
  const columns = ["client", "keys", "through the role", "declared", "actual", ""].map((title) => ({ title }));
  return [
    `${cluster}: ${enabledText(compared)} (${asked} says)`,
    ...(rows.length === 0 ? [] : ["", textTable(columns, rows)]),
    ...(compared.drifted ? ["", DRIFT_HELP] : []),
    "",
  ].join("\n");
}

const DRIFT_HELP = `What is there is not what is declared. A change of permissions in the code has the next deploy set all of it right; without one,
have the step run again: terraform apply -replace=<its address>, which docs/permissions.md names. Roles that were given to a
declared client by hand stay until they are taken back by hand: etcdctl user revoke-role <client> <role>.`;

/** The comparison as data. Names and keys are texts where they are UTF-8, and have their octets beside. */
export function accessJson({ cluster, asked, compared }: ShownAccess): unknown {
  return {
    cluster,
    asked,
    drifted: compared.drifted,
    enabled: compared.enabled,
    rights: compared.rights.map((right) => ({
      ...(right.user === undefined ? {} : { client: writtenOctets(right.user) }),
      ...(right.role === "" ? {} : { role: writtenOctets(right.role) }),
      ...(right.range === undefined ? {} : { keys: keysText(right), key: right.range.key, rangeEnd: right.range.end }),
      declared: right.declared ?? null,
      actual: right.actual ?? null,
      drift: compared.enabled.declared !== undefined && isDrift(right),
      byHand: right.byHand,
    })),
  };
}

function enabledText({ enabled: { declared, actual } }: ComparedAccess): string {
  const state = `authorization is ${actual ? "on" : "OFF: every client may read and write every key"}`;
  if (declared === undefined) return `${state}; the code says nothing of it`;
  return declared === actual ? `${state}, as declared` : `${state}; DRIFT: it is declared ${declared ? "on" : "off"}`;
}

function wordFor(right: Right | undefined): string {
  return right === undefined ? NOTHING : right === "readwrite" ? "read, write" : right;
}

function markOf(right: ComparedRight, { enabled }: ComparedAccess): string {
  if (enabled.declared !== undefined && isDrift(right)) return "DRIFT";
  return right.byHand ? "by hand" : "";
}

/** A range of keys, as people say it: the prefix, where it is one. */
function keysText({ range, declared, actual }: ComparedRight): string {
  if (range === undefined) return [declared, actual].includes("administrator") ? "all keys" : NOTHING;
  const { key, end } = range;
  if (end === NOTHING) return `${writtenOctets(key)} alone`;
  if (end === "00") return key === "00" ? "all keys" : `${writtenOctets(key)} and all later ones`;
  return end === endOfPrefix(key) ? writtenOctets(key) : `${writtenOctets(key)} up to ${writtenOctets(end)}`;
}

/** Octets in hexadecimal as text that does nothing to a terminal: what can't be printed, or is no UTF-8, as \xNN. */
export function writtenOctets(hexadecimal: string): string {
  const octets = Buffer.from(hexadecimal, "hex");
  const text = octets.toString("utf8");
  const escaped = (part: Buffer): string =>
    [...part].map((octet) => `\\x${octet.toString(16).padStart(2, "0")}`).join("");
  if (Buffer.compare(Buffer.from(text), octets) !== 0) {
    return [...octets]
      .map((octet) =>
        octet > 0x20 && octet < 0x7f && octet !== 0x5c ? String.fromCharCode(octet) : escaped(Buffer.of(octet)),
      )
      .join("");
  }
  return Array.from(text)
    .map((character) =>
      /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(character) && character !== "\\"
        ? character
        : escaped(Buffer.from(character)),
    )
    .join("");
}
