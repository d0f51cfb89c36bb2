import { closeSync, openSync, readSync } from "node:fs";

/** Reads a file line by line while it is being written. */
export class LineLog {
  private offset = 0;
  private unfinished = "";

  public constructor(private readonly file: string) {}

  /** The lines completed since the last call. */
  public next(): string[] {
    const lines = (this.unfinished + this.appended()).split("\n");
    this.unfinished = lines.pop() ?? "";
    return lines;
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
