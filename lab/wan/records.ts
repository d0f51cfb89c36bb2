import { readJson, writeAtomically } from "../tools/files";
import type { Attachment, PairSettings } from "./protocol";

/** What the switch was told. */
export interface WanRecords {
  readonly matrix: readonly PairSettings[];
  /** By their ids. */
  readonly attachments: Readonly<Record<string, RecordedAttachment>>;
  /** What was changed on top of the matrix. */
  readonly changes: readonly PairSettings[];
}

/** An endpoint, and whether it is isolated. */
export interface RecordedAttachment extends Attachment {
  readonly isolated?: boolean;
}

/** The records on disk, from which a new switch, or another process, learns what it should know. */
export class WanRecordFile {
  constructor(
    readonly path: string,
    /** The matrix as long as nothing is recorded. */
    private readonly matrix: readonly PairSettings[],
  ) {}

  read(): WanRecords {
    const stored = readJson(this.path) as WanRecords | undefined;
    return stored ?? { matrix: this.matrix, attachments: {}, changes: [] };
  }

  /** Replaces the records; the caller has the lock. */
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

/** One more change; what it does not say of its pair stays as it was changed before. */
export function withChange(records: WanRecords, change: PairSettings): WanRecords {
  const old = records.changes.find((other) => samePair(other, change));
  const others = records.changes.filter((other) => other !== old);
  return { ...records, changes: [...others, { ...old, ...change }] };
}

/** Without the changes of one pair, or of all pairs of one location, or without any. */
export function withoutChanges(records: WanRecords, a?: string, b?: string): WanRecords {
  const healed = (change: PairSettings): boolean =>
    (a === undefined || change.a === a || change.b === a) &&
    (b === undefined || (a !== undefined && samePair(change, { a, b })));
  return { ...records, changes: records.changes.filter((change) => !healed(change)) };
}

/** The other locations that the matrix has. */
export function otherLocations(records: WanRecords, location: string): string[] {
  const all = new Set(records.matrix.flatMap((pair) => [pair.a, pair.b]));
  all.delete(location);
  return [...all];
}

/** Without the changes of locations that the matrix does not have. */
export function withKnownChanges(records: WanRecords): WanRecords {
  const known = new Set(records.matrix.flatMap((pair) => [pair.a, pair.b]));
  return { ...records, changes: records.changes.filter((change) => known.has(change.a) && known.has(change.b)) };
}

function samePair(one: Pair, other: Pair): boolean {
  return (one.a === other.a && one.b === other.b) || (one.a === other.b && one.b === other.a);
}

type Pair = Pick<PairSettings, "a" | "b">;
