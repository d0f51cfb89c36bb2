/** @independent */
import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { explore, KEPT_HISTORIES } from "../../../proofs/exploration/explore";
import { FAULTS, withFault } from "./faults";
import { told } from "./report";

jest.setTimeout(900_000);

const SEED = randomBytes(6).readUIntBE(0, 6);
const kept = JSON.parse(readFileSync(KEPT_HISTORIES, "utf8")) as readonly { readonly name: string }[];

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "cdktf-etcd-exploration-"));
});
afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

describe("the node scripts against a model of etcd, systemd and the network", () => {
  it(`keep what must always hold in 200 histories of the seed ${SEED}`, async () => {
    const exploration = await explore({ seed: BigInt(SEED), histories: 200 });
    expect(told(exploration)).toBe("");
    expect(exploration.histories).toBe(200);
    // Most can be brought to a good end: a model in which nothing works would find nothing.
    expect(exploration.healthy).toBeGreaterThan(100);
  });

  it("keep it in every history that has shown a fault once", async () => {
    const exploration = await explore({ play: KEPT_HISTORIES });
    expect(told(exploration)).toBe("");
    expect(exploration.histories).toBe(kept.length);
  });

  it.each(FAULTS)("are found out with this fault put back: $name", async (fault) => {
    const file = path.join(directory, "one.json");
    writeFileSync(file, JSON.stringify(kept.filter(({ name }) => name === fault.name)));
    const { violation } = await withFault(fault, (templates) => explore({ templates, play: file, shrink: false }));
    expect(violation?.invariant).toBe(fault.invariant);
  });
});
