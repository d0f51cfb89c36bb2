import type { Case } from "./kernel";
import type { SocketRig } from "./rig";
import { Samples, type Table } from "./table";

/** Bursts on the same connections per round. */
const BURSTS = 6;
const FIRST = "first on a new connection, ms";
const NEXT = "later ones, ms";

/** 20 values of 100 KB written at once on the leader, after 5 s without writes: time until all are committed. */
export async function burst(rig: SocketRig, cases: readonly Case[], rounds: number): Promise<Table> {
  const samples = new Samples([FIRST, NEXT], rig.progress);
  for (let round = 1; round <= rounds; round += 1) {
    for (const one of cases) {
      await rig.sample(`burst, round ${round}, ${one.name}`, async () => {
        await rig.use(one);
        const { ms } = (await rig.answer(rig.leader, ["burst", "-repeats", String(BURSTS)])) as { ms: number[] };
        samples.add(one.name, FIRST, ms[0]);
        samples.add(one.name, NEXT, ...ms.slice(1));
      });
    }
  }
  return samples.table("20 values of 100 KB at once, after 5 s of idle");
}
