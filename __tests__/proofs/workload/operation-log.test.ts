import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { OperationLog } from "../../../proofs/workload/operation-log";

describe("a history that is being written", () => {
  const dir = mkdtempSync(path.join(tmpdir(), "history-"));
  const file = path.join(dir, "history.jsonl");
  const record = (start: number): string =>
    JSON.stringify({ kind: "put", due: start * 1e6, start: start * 1e6, end: (start + 1) * 1e6, ok: true });

  afterAll(() => {
    rmSync(dir, { recursive: true });
  });

  it("is read on from where it was, whole lines only", () => {
    writeFileSync(file, `${record(1)}\n${record(2).slice(0, 20)}`);
    const log = new OperationLog(file);
    expect(log.next().map(({ startMs }) => startMs)).toEqual([1]);
    expect(log.next()).toEqual([]);
    appendFileSync(file, `${record(2).slice(20)}\n{"kind":"watch-open","key":"/","ok":true}\n`);
    expect(log.next().map(({ startMs }) => startMs)).toEqual([2]);
  });
});
