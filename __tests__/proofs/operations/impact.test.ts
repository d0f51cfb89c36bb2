import { describeFailure, impactOn, writeP99Ms, type ClientOperation } from "../../../proofs/operations/impact";
import { ClientKind } from "../../../proofs/operations/load-client";
import type { OperationRow } from "../../../proofs/operations/operation-row";
import { LOSS, MEMBERSHIP, REPLACEMENTS, ROLL, ROLL_IN_TWO, UNNOTICED } from "../../../proofs/operations/operation";
import { missed, operationTable, verdicts } from "../../../proofs/operations/table";

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
    naive: { requests: 2500, failed: 3, worstStallMs: 6400, hung: 3 },
    usualP99Ms: 260,
    usualWorstMs: 305,
    leaderChanges: 1,
    terms: 1,
    toleranceLost: 0,
    lateP99Ms: 2,
    failures: ["one", "two", "three"],
  };

  it("is judged by its bars", () => {
    expect(missed(row, ROLL)).toEqual([]);
    expect(missed({ ...row, recommended: { ...impact, failed: 1 }, terms: 2 }, ROLL)).toEqual([
      "settings roll: no operation of a recommended client fails",
      "settings roll: one transfer of leadership at most",
    ]);
    expect(missed({ ...row, terms: 2 }, ROLL_IN_TWO)).toEqual([]);
    expect(missed({ ...row, toleranceLost: 1 }, REPLACEMENTS)).toEqual([
      "settings roll: as many members may be lost as before, all along",
    ]);
    expect(verdicts(row, UNNOTICED)).toEqual([
      "MISSED  settings roll: nothing fails for anyone",
      "MISSED  settings roll: no election, and no transfer of leadership",
      "MISSED  settings roll: the worst write stall is at most 1.2 x the usual p99",
    ]);
    expect(verdicts(row, MEMBERSHIP)[0]).toBe("met     settings roll: no operation of a recommended client fails");
  });

  it("is judged by what clients with kept certificates felt, too", () => {
    const kept = { ...impact, failed: 1, worstStallMs: 1600 };
    expect(missed({ ...row, kept }, MEMBERSHIP)).toEqual([
      "settings roll: no operation of a recommended client fails",
      "settings roll: a recommended client's worst write stall is at most 1.5 s",
    ]);
    expect(missed({ ...row, kept: { ...impact, worstStallMs: NaN } }, MEMBERSHIP)).toHaveLength(1);
  });

  // 2500 operations in 61.4 s, two of three of them writes of 0.26 s: 7.06 in flight.
  it("has as many naive failures as twice of what was in flight at each of its transfers", () => {
    const naive = (failed: number) => ({ ...row.naive, failed, hung: 5 });
    const tooMany = [
      "settings roll: no more operations of naive clients fail or hang than may have been in flight at the transfer",
    ];
    expect(missed({ ...row, naive: naive(10) }, ROLL)).toEqual([]);
    expect(missed({ ...row, naive: naive(11) }, ROLL)).toEqual(tooMany);
    expect(missed({ ...row, naive: naive(0), terms: 0 }, ROLL)).toEqual(tooMany);
  });

  it("has as long for a machine anew as that took to boot, and a minute", () => {
    const beyond = ["settings roll: done within 60 s beyond the new machine's boot"];
    expect(missed({ ...row, seconds: 69, bootSeconds: 9 }, LOSS)).toEqual([]);
    expect(missed({ ...row, seconds: 69, bootSeconds: 8.9 }, LOSS)).toEqual(beyond);
    expect(missed({ ...row, seconds: 30, bootSeconds: undefined }, LOSS)).toEqual(beyond);
  });

  it("has sure bars, and such as depend on how fast the machine is", () => {
    expect([...ROLL, ...UNNOTICED].filter(({ timing }) => !timing).map(({ name }) => name)).toEqual([
      "no operation of a recommended client fails",
      "one transfer of leadership at most",
      "nothing fails for anyone",
      "no election, and no transfer of leadership",
    ]);
  });

  it("is a line of the table", () => {
    const kept = { ...impact, failed: 2, worstStallMs: 1450 };
    const [header, , line, ...more] = operationTable([{ ...row, kept }]).split("\n");
    expect(more).toEqual([]);
    expect(line.split("|").map((cell) => cell.trim())).toEqual([
      "",
      "settings roll",
      "61 s",
      "2700",
      "2",
      "3",
      "1.45 s",
      "6.40 s",
      "3",
      "0.26 s, 0.30 s",
      "1",
      "",
    ]);
    expect(header.split("|")).toHaveLength(line.split("|").length);
  });
});
