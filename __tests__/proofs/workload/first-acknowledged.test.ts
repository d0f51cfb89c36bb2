import { firstAcknowledged } from "../../../proofs/workload/first-acknowledged";
import type { Operation } from "../../../proofs/workload/operation-log";

function write(startMs: number, endMs: number, ok = true): Operation {
  return { kind: "put", dueMs: startMs, startMs, endMs, ok };
}

describe("the first write after a loss of power", () => {
  it("is one that began after it: those before may be acknowledged on what was already on its way", () => {
    const operations = [write(900, 1010), write(1001, 2600), write(1500, 2500)];
    expect(firstAcknowledged(operations, 1000)).toBe(2500);
  });

  it("is not one that failed", () => {
    expect(firstAcknowledged([write(1001, 1100, false)], 1000)).toBeUndefined();
  });
});
