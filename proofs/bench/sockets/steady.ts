import { median, quantile, worst } from "../../figures/statistics";
import type { Case } from "./kernel";
import type { SocketRig } from "./rig";
import { Samples, type Table } from "./table";

const SECONDS = 60;
/** From each continent; 54 a second in all, as in bench:operations. */
const WRITES_PER_SECOND = 18;

const MEDIAN = "Singapore's writes: median, ms";
const P99 = "99th percentile, ms";
const WORST = "longest, ms";
const LATE = "later than 1.2 x the median, %";

/** Small writes from every continent for a minute, each through its own member, while packets are lost at a rate. */
export async function steady(
  rig: SocketRig,
  cases: readonly Case[],
  lossPercent: number,
  rounds: number,
): Promise<Table> {
  const title = `${3 * WRITES_PER_SECOND} writes a second for ${SECONDS} s, ${lossPercent} % loss`;
  const samples = new Samples([MEDIAN, P99, WORST, LATE], rig.progress);
  for (let round = 1; round <= rounds; round += 1) {
    for (const one of cases) {
      await rig.sample(`${title}, round ${round}, ${one.name}`, async () => {
        await rig.use(one);
        const members = [rig.far, rig.near, rig.leader];
        const options = ["-rate", String(WRITES_PER_SECOND), "-for", `${SECONDS}s`];
        const answers = await rig.withLoss(lossPercent, () =>
          Promise.all(
            members.map((member) => rig.answer(member, ["steady", ...options, "-to", `/steady/${member.region}`])),
          ),
        );
        const { ms } = answers[0] as { ms: number[] };
        const middle = median(ms);
        const late = ms.filter((value) => value > 1.2 * middle).length;
        samples.add(one.name, MEDIAN, middle);
        samples.add(one.name, P99, quantile(ms, 0.99));
        samples.add(one.name, WORST, worst(ms));
        samples.add(one.name, LATE, (100 * late) / ms.length);
      });
    }
  }
  return samples.table(title);
}
