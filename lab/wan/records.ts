import { readJson, writeAtomically } from "../tools/files";
import type { Attachment, PairSettings } from "./protocol";

/** All settings and endpoints that the switch was given. */
export interface WanRecords {
  readonly matrix: readonly PairSettings[];
  /** Endpoints by id. */
  readonly attachments: Readonly<Record<string, RecordedAttachment>>;
  /** Settings that override the matrix. */
  readonly changes: readonly PairSettings[];
}

/** An endpoint, and whether it is isolated. */
export interface RecordedAttachment extends Attachment {
  readonly isolated?: boolean;
}

/** The records on disk, for new switches and for other processes. */
export class WanRecordFile {
  constructor(
    readonly path: string,
    /** The matrix if there is no record. */
    private readonly matrix: readonly PairSettings[],
  ) {}

  read(): WanRecords {
    const stored = readJson(this.path) as WanRecords | undefined;
    return stored ?? { matrix: this.matrix, attachments: {}, changes: [] };
  }

  /** Replaces the records; the caller must hold the lock. */
  update(change: (records: WanRecords) => WanRecords): void {
    writeAtomically(this.path, JSON.stringify(change(this.read()), undefined, 1));
  }
}

export function withAttachment(records: WanRecords, attachment: Attachment): WanRecords {
  return { ...records, attachments: { ...records.attachments, [attachment.id]: attachment } };
}

export function withoutAttachment(records: WanRecords, id: string): WanRecords {
  const others = Object.entries(records.attachments).filter(([key]) => key !== id);
  return { ...records, attachments: Object.fromEntries(others) };
}

export function withIsolation(records: WanRecords, id: string, isolated: boolean): WanRecords {
  const attachment = { ...records.attachments[id], isolated };
  return { ...records, attachments: { ...records.attachments, [id]: attachment } };
}

/** The records with one more change; earlier changes of the same pair's other settings stay. */
export function withChange(records: WanRecords, change: PairSettings): WanRecords {
  const old = records.changes.find((other) => samePair(other, change));
  const others = records.changes.filter((other) => other !== old);
  return { ...records, changes: [...others, { ...old, ...change }] };
}

/** The records without changes: of one pair, of all pairs of one location or, without arguments, of all. */
export function withoutChanges(records: WanRecords, a?: string, b?: string): WanRecords {
  const healed = (change: PairSettings): boolean =>
    (a === undefined || change.a === a || change.b === a) &&
    (b === undefined || (a !== undefined && samePair(change, { a, b })));
  return { ...records, changes: records.changes.filter((change) => !healed(change)) };
}

/** The matrix's locations except this one. */
export function otherLocations(records: WanRecords, location: string): string[] {
  const all = new Set(records.matrix.flatMap((pair) => [pair.a, pair.b]));
  all.delete(location);
  return [...all];
}

/** The records without changes of locations that are not in the matrix. */
export function withKnownChanges(records: WanRecords): WanRecords {
  const known = new Set(records.matrix.flatMap((pair) => [pair.a, pair.b]));
  return { ...records, changes: records.changes.filter((change) => known.has(change.a) && known.has(change.b)) };
}

function samePair(one: Pair, other: Pair): boolean {
  return (one.a === other.a && one.b === other.b) || (one.a === other.b && one.b === other.a);
}

type Pair = Pick<PairSettings, "a" | "b">;
