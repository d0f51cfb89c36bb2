import type { Case } from "./kernel";
import type { SocketRig } from "./rig";
import { Samples, type Table } from "./table";

const VALUE_BYTES = 250_000;
/** More writes than the log keeps: a member that missed them needs a snapshot. */
const BEYOND_THE_LOG = 1500;

interface Written {
  readonly revision: number;
  readonly seconds: number;
}

interface Reached {
  readonly reached: boolean;
  readonly seconds: number;
}

/** How far a member is behind, and how it catches up. */
export interface CatchUp {
  readonly title: string;
  readonly megabytes: number;
  /** Whether it was away for longer than the leader's log reaches back. */
  readonly bySnapshot?: boolean;
}

const BEHIND = "start of etcd to caught up, s";

/** The catch-up of the member in Singapore, with each setting in turn. */
export async function catchUp(rig: SocketRig, cases: readonly Case[], what: CatchUp, rounds: number): Promise<Table> {
  const samples = new Samples([BEHIND], rig.progress);
  for (let round = 1; round <= rounds; round += 1) {
    for (const one of cases) {
      await rig.sample(`${what.title}, round ${round}, ${one.name}`, async () => {
        await rig.use(one);
        samples.add(one.name, BEHIND, await behind(rig, what));
      });
    }
  }
  return samples.table(what.title);
}

/** Seconds from etcd's start until the member has all writes that it missed. */
async function behind(rig: SocketRig, { megabytes, bySnapshot = false }: CatchUp): Promise<number> {
  await rig.far.losePower();
  const count = Math.ceil((megabytes * 1e6) / VALUE_BYTES);
  let written = (await rig.answer(rig.leader, fill(count, VALUE_BYTES))) as Written;
  if (bySnapshot) {
    written = (await rig.answer(rig.leader, [
      ...fill(BEYOND_THE_LOG, 10),
      "-parallel",
      "64",
      "-prefix",
      "/small/",
    ])) as Written;
  }
  const started = performance.now();
  await rig.far.returnPower();
  const { reached } = (await rig.answer(rig.far, ["await", "-revision", String(written.revision)])) as Reached;
  const seconds = (performance.now() - started) / 1000;
  if (!reached) throw new Error("the member in Singapore did not catch up within ten minutes");
  // By the member's own metrics.
  const wasSnapshot = (await rig.snapshotsReceived(rig.far)) > 0;
  if (wasSnapshot !== bySnapshot) {
    throw new Error(`it got back by ${wasSnapshot ? "a snapshot" : "log entries"}, which is not what is measured`);
  }
  await rig.settle();
  return seconds;
}

function fill(count: number, size: number): string[] {
  return ["fill", "-count", String(count), "-size", String(size)];
}
