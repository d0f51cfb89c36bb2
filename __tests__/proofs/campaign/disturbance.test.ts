import { type ProcessRecord, recordOf } from "terraform-lab";
import { Disturbance } from "../../../proofs/campaign/disturbance";
import { Tally } from "../../../proofs/campaign/tally";
import { DRAWN, operationNamed } from "../../../proofs/operations/catalog";
import type { Interruption } from "../../../proofs/operations/interruption";
import type { Operation } from "../../../proofs/operations/operation";
import type { Miss, Saboteur, Stage } from "../../../proofs/operations/stage";
import { Random } from "../../../proofs/random";

const ROLL = operationNamed("settings roll");
/** Comes at once, however it is drawn. */
const AT_ONCE = { ...ROLL, applySeconds: () => 0 };
const SELF = recordOf(process.pid) as ProcessRecord;
const ENDED: ProcessRecord = { ...SELF, startTime: 0 };

function interruption(miss: Miss): Interruption {
  return { name: "lightning", strike: () => Promise.resolve(miss) };
}

function drawn(operation: Operation = AT_ONCE, miss?: Miss): Disturbance {
  const draws = { interruptions: [interruption(miss)], disturbed: 1 };
  const disturbance = Disturbance.draw(operation, 3, new Random(1), draws);
  if (disturbance === undefined) throw new Error("nothing was drawn");
  return disturbance;
}

async function happen(disturbance: Disturbance, apply: ProcessRecord): Promise<void> {
  const saboteurs: Saboteur[] = [];
  disturbance.prepare({ disturbNext: (saboteur: Saboteur) => saboteurs.push(saboteur) } as unknown as Stage);
  await saboteurs[0](apply);
}

describe("what gets in the way", () => {
  it("is told by its moment where it hit", async () => {
    const disturbance = drawn();
    expect(disturbance.hit).toBe(false);
    await happen(disturbance, SELF);
    expect([disturbance.hit, disturbance.description]).toEqual([true, "lightning 0.0 s into the apply"]);
  });

  it("is told to have missed by what it says", async () => {
    const disturbance = drawn(AT_ONCE, "no machine had an SSH connection");
    await happen(disturbance, SELF);
    expect([disturbance.hit, disturbance.description]).toEqual([
      false,
      "lightning missed: no machine had an SSH connection",
    ]);
  });

  it("does nothing to an apply that ends before its moment", async () => {
    const disturbance = drawn({ ...ROLL, applySeconds: () => 1000 });
    await happen(disturbance, ENDED);
    expect(disturbance.description).toBe("lightning missed: the apply was through");
  });

  it("comes within what the operation is said to take, and draws as often whatever comes of it", () => {
    const after = [0, 1].map((disturbed) => {
      const random = new Random(7);
      const disturbance = Disturbance.draw(ROLL, 3, random, { interruptions: [interruption(undefined)], disturbed });
      expect(disturbance === undefined).toBe(disturbed === 0);
      return random.next();
    });
    expect(after[0]).toBe(after[1]);
    const seconds = Number(/[\d.]+/.exec(drawn(ROLL).description)?.[0]);
    expect(seconds).toBeLessThanOrEqual(ROLL.applySeconds?.(3) ?? 0);
  });

  it("is counted by kind", async () => {
    const [hit, missed] = [drawn(), drawn(AT_ONCE, "the apply was through")];
    const tally = new Tally();
    for (const disturbance of [hit, missed]) {
      await happen(disturbance, SELF);
      tally.addDisturbance(disturbance);
    }
    expect(tally.hits).toEqual(["lightning: 1 of 2 hit"]);
  });
});

it("is drawn from operations that need nothing beforehand", () => {
  expect(DRAWN).toContain(ROLL);
  expect(() => operationNamed("defragmentation", DRAWN)).toThrow(/^there is no operation "defragmentation", but: /);
});
