import { closeSync, openSync, readSync } from "node:fs";

/** One call of a client, as `workload run` recorded it. Times are milliseconds of the Unix epoch. */
export interface Operation {
  readonly kind: string;
  /** When the schedule wanted it; clients do not wait for one answer before the next call. */
  readonly dueMs: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly ok: boolean;
}

/** What `workload run` writes, as far as it matters here. */
interface RecordedLine {
  readonly kind: string;
  readonly due?: number;
  readonly start?: number;
  readonly end?: number;
  readonly ok: boolean;
}

/** Reads a history while it is being written. */
export class OperationLog {
  private offset = 0;
  private unfinished = "";

  public constructor(private readonly file: string) {}

  /** What was written since the last call. */
  public next(): Operation[] {
    const lines = (this.unfinished + this.appended()).split("\n");
    this.unfinished = lines.pop() ?? "";
    return lines.map(parseOperation).filter((operation) => operation !== undefined);
  }

  private appended(): string {
    const chunks: Buffer[] = [];
    const file = openSync(this.file, "r");
    try {
      for (;;) {
        const buffer = Buffer.alloc(1 << 20);
        const length = readSync(file, buffer, 0, buffer.length, this.offset);
        if (length === 0) return Buffer.concat(chunks).toString("latin1");
        this.offset += length;
        chunks.push(buffer.subarray(0, length));
      }
    } finally {
      closeSync(file);
    }
  }
}

/** Undefined for records that are no calls: those of watches. Nanoseconds since 1970 lose their last two digits in a JavaScript number. */
export function parseOperation(line: string): Operation | undefined {
  const { kind, due, start, end, ok } = JSON.parse(line) as RecordedLine;
  if (start === undefined || end === undefined || !["put", "get", "cas"].includes(kind)) return undefined;
  return { kind, dueMs: (due ?? start) / 1e6, startMs: start / 1e6, endMs: end / 1e6, ok };
}
