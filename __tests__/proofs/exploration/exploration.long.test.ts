/** @independent */
import { randomBytes } from "node:crypto";
import { ensureKnownEtcd } from "../../../proofs/etcd/known-release";
import { explore, replayAgainstEtcd } from "../../../proofs/exploration/explore";
import { EtcdVersion } from "../../../lib";
import { FAULTS, withFault } from "./faults";
import { told } from "./report";

jest.setTimeout(3_600_000);

const SEED = randomBytes(6).readUIntBE(0, 6);
/** Of the histories in which faults are looked for: some find one soon, some late. */
const SEED_FOR_FAULTS = 1n;

describe("the exploration of the node scripts", () => {
  it(`finds nothing in 5000 histories of the seed ${SEED}`, async () => {
    const exploration = await explore({ seed: BigInt(SEED), histories: 5000 });
    expect(told(exploration)).toBe("");
    expect(exploration.histories).toBe(5000);
  });

  it.each(FAULTS)("finds this fault among the histories that it draws: $name", async (fault) => {
    const { violation } = await withFault(fault, (templates) =>
      explore({ templates, seed: SEED_FOR_FAULTS, histories: 5000, shrink: false }),
    );
    expect(violation).toBeDefined();
  });

  it(`has a model whose members are added, promoted and removed as etcd's own are, by the seed ${SEED}`, async () => {
    const { binDir } = await ensureKnownEtcd(EtcdVersion.V3_6_14.version);
    expect(await replayAgainstEtcd(binDir, BigInt(SEED), 6)).toBe("");
  });
});
