import { LineLog } from "terraform-lab";

/** A call of a client, recorded by `workload run`. Times are in milliseconds since the Unix epoch. */
export interface Operation {
  readonly kind: string;
  /** When it was due by the schedule, which does not wait for earlier answers. */
  readonly dueMs: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly ok: boolean;
  /** Class of the last attempt's error, if any. */
  readonly error?: string;
}

/** The fields of a line of `workload run` that are used here. */
interface RecordedLine {
  readonly kind: string;
  readonly due?: number;
  readonly start?: number;
  readonly end?: number;
  readonly ok: boolean;
  readonly error?: string;
}

/** Reads a history while it is being written. */
export class OperationLog {
  private readonly lines: LineLog;

  public constructor(file: string) {
    this.lines = new LineLog(file);
  }

  /** The operations written since the last call. */
  public next(): Operation[] {
    return this.lines
      .next()
      .map(parseOperation)
      .filter((operation) => operation !== undefined);
  }
}

/** Undefined for records of watches. Nanoseconds since 1970 lose their last two digits in a JavaScript number. */
export function parseOperation(line: string): Operation | undefined {
  const { kind, due, start, end, ok, error } = JSON.parse(line) as RecordedLine;
  if (start === undefined || end === undefined || !["put", "get", "cas"].includes(kind)) return undefined;
  const times = { dueMs: (due ?? start) / 1e6, startMs: start / 1e6, endMs: end / 1e6 };
  return { kind, ...times, ok, ...(error === undefined ? {} : { error }) };
}
