import { describeFailure, impactOn, writeP99Ms, type ClientOperation } from "../../../lab/operations/impact";
import { ClientKind } from "../../../lab/operations/load-client";
import type { OperationRow } from "../../../lab/operations/load";
import { ROLL, UNNOTICED } from "../../../lab/operations/operation";
import { operationTable, verdicts } from "../../../lab/operations/table";

function operation(tookMs: number, more: Partial<ClientOperation> = {}): ClientOperation {
  return {
    kind: "put",
    dueMs: 1000,
    startMs: 1000,
    endMs: 1000 + tookMs,
    ok: true,
    client: "recommended-lon1",
    clientKind: ClientKind.RECOMMENDED,
    ...more,
  };
}

describe("what clients felt", () => {
  it("is the longest wait for a write, failed ones included, and not for a read", () => {
    const operations = [
      operation(100),
      operation(6400, { ok: false, error: "server timeout" }),
      operation(9000, { kind: "get" }),
      operation(70, { clientKind: ClientKind.NAIVE }),
    ];
    expect(impactOn(ClientKind.RECOMMENDED, operations)).toEqual({
      requests: 3,
      failed: 1,
      worstStallMs: 6400,
      hung: 1,
    });
    expect(impactOn(ClientKind.NAIVE, operations)).toEqual({ requests: 1, failed: 0, worstStallMs: 70, hung: 0 });
  });

  it("names a failure so that it can be found", () => {
    const failed = operation(4800, { ok: false, error: "timeout" });
    expect(describeFailure(failed)).toBe("put of recommended-lon1 at 1970-01-01T00:00:01.000Z: timeout after 4.8 s");
  });

  it("has a p99 by nearest rank, of writes", () => {
    const operations = Array.from({ length: 100 }, (_unused, i) => operation(i + 1));
    expect(writeP99Ms(ClientKind.RECOMMENDED, [...operations, operation(9000, { kind: "get" })])).toBe(99);
  });
});

describe("a row", () => {
  const impact = { requests: 100, failed: 0, worstStallMs: 1400, hung: 0 };
  const row: OperationRow = {
    name: "settings roll",
    seconds: 61.4,
    recommended: impact,
    naive: { requests: 100, failed: 3, worstStallMs: 6400, hung: 3 },
    usualP99Ms: 260,
    usualWorstMs: 305,
    leaderChanges: 1,
    terms: 1,
    lateP99Ms: 2,
    failures: ["one", "two", "three"],
  };

  it("is judged by its bars", () => {
    expect(verdicts(row, ROLL).map((line) => line.slice(0, 6))).toEqual(["met   ", "met   ", "met   ", "met   "]);
    expect(
      verdicts({ ...row, recommended: { ...impact, failed: 1 }, terms: 2 }, ROLL).map((line) => line.slice(0, 6)),
    ).toEqual(["MISSED", "met   ", "MISSED", "met   "]);
    expect(verdicts(row, UNNOTICED)).toEqual([
      "MISSED  settings roll: nothing fails for anyone",
      "MISSED  settings roll: the worst write stall is at most 1.2 x the usual p99",
    ]);
  });

  it("is a line of the table", () => {
    const [header, , line, ...more] = operationTable([row]).split("\n");
    expect(more).toEqual([]);
    expect(line.split("|").map((cell) => cell.trim())).toEqual([
      "",
      "settings roll",
      "61 s",
      "200",
      "0",
      "3",
      "1.40 s",
      "6.40 s",
      "3",
      "0.26 s, 0.30 s",
      "1",
      "",
    ]);
    expect(header.split("|")).toHaveLength(line.split("|").length);
  });
});
