import type { Case } from "./kernel";
import type { SocketRig } from "./rig";
import { Samples, type Table } from "./table";

/** The path's MTU; the hosts' devices have Ethernet's 1500. */
const PATH_BYTES = 1400;
const LIMIT_SECONDS = 45;
const COLUMN = "start of etcd to caught up, s";

/** With a path to Singapore that drops large packets without an ICMP error: when is its member back after a restart? */
export async function blackHole(rig: SocketRig, cases: readonly Case[], rounds: number): Promise<Table> {
  const samples = new Samples([COLUMN], rig.progress);
  for (let round = 1; round <= rounds; round += 1) {
    for (const one of cases) {
      await rig.sample(`black hole, round ${round}, ${one.name}`, async () => {
        await rig.far.losePower();
        await rig.setKernels(one);
        const { revision } = (await rig.answer(rig.leader, ["fill", "-count", "4"])) as { revision: number };
        const end = await rig.swallowAbove(PATH_BYTES);
        try {
          await rig.far.returnPower();
          const limit = ["-limit", `${LIMIT_SECONDS}s`];
          const answer = await rig.answer(rig.far, ["await", "-revision", String(revision), ...limit]);
          samples.add(one.name, COLUMN, (answer as { seconds: number }).seconds);
        } finally {
          await end();
        }
        await rig.settle();
      });
    }
  }
  const note = `${LIMIT_SECONDS} s is the limit: not within it.`;
  return samples.table(`A path that drops packets above ${PATH_BYTES} bytes in silence`, [note]);
}
