import type { Case } from "./kernel";
import type { SocketRig } from "./rig";
import { Samples, type Table } from "./table";

const PORT = 5001;
const STREAMS = 60;
const SECONDS = 20;
const LOSS_PERCENT = 3;
const JITTER_MS = 20;
/** The shortest election timeout of a follower with main.ts's profile. */
const ELECTION_MS = 700;

const LATE = `gaps above ${ELECTION_MS} ms, per stream and hour`;
const P999 = "99.9th percentile of gaps, ms";
const WORST = "longest gap, ms";

interface Gaps {
  /** The longest 1 % of the gaps, ascending. */
  readonly gapsMs: readonly number[];
  readonly messages: number;
}

/** Gaps in streams of small messages, sent at the pace of heartbeats over a bad path. */
export async function heartbeats(rig: SocketRig, cases: readonly Case[], rounds: number): Promise<Table> {
  const samples = new Samples([LATE, P999, WORST], rig.progress);
  const address = `${rig.far.host.address}:${PORT}`;
  const pair = { a: rig.locationOf(rig.leader), b: rig.locationOf(rig.far) };
  await rig.wan.link({ ...pair, loss: LOSS_PERCENT, jitterMs: JITTER_MS });
  try {
    for (let round = 1; round <= rounds; round += 1) {
      for (const one of cases) {
        await rig.setKernels(one);
        const { received } = await rig.transfer(
          rig.leader,
          rig.far,
          ["thin-send", "-to", address, "-streams", String(STREAMS), "-for", `${SECONDS}s`],
          ["thin-receive", "-listen", address, "-streams", String(STREAMS)],
        );
        const { gapsMs, messages } = received as Gaps;
        const late = gapsMs.filter((ms) => ms > ELECTION_MS).length;
        samples.add(one.name, LATE, (late * 3600) / (STREAMS * SECONDS));
        samples.add(one.name, P999, gapsMs[Math.floor(gapsMs.length * 0.9)]);
        samples.add(one.name, WORST, gapsMs.at(-1) ?? 0);
        rig.progress(`heartbeats, round ${round}, ${one.name}: ${late} late of ${messages}`);
      }
    }
  } finally {
    await rig.wan.heal(pair.a, pair.b);
  }
  return samples.table(
    `Heartbeats at ${LOSS_PERCENT} % loss and ${JITTER_MS} ms jitter, London to Singapore, ${STREAMS} streams for ${SECONDS} s a round`,
  );
}
