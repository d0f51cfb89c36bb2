import { setTimeout as sleep } from "node:timers/promises";
import { OPERATOR } from "terraform-lab";
import type { Case } from "./kernel";
import type { SocketRig } from "./rig";
import { Samples, type Table } from "./table";

const CLIENT_OUTAGE_MS = 40_000;
/** How long a client is observed after the path is restored. */
const LIMIT_MS = 90_000;
const PEER_OUTAGE_MS = 20_000;
/** Time to make and use connections before the path is cut. */
const LEAD_MS = 4000;
/** The library's recommendation to clients; see Tuning. */
const KEEPALIVE = ["-keepalive", "10s", "-keepalive-timeout", "2.7s"];

const CLIENT_COLUMNS = {
  keptWatch: "keepalive: watch, s",
  keptWrite: "keepalive: write, s",
  plainWatch: "no keepalive: watch, s",
  plainWrite: "no keepalive: write, s",
};
const GIVEN_UP = "leader gives up the connections, s";
const BACK = "caught up after the path is back, s";

interface Recovery {
  readonly watchSeconds: number;
  readonly writeSeconds: number;
}

/**
 * The path between the operator and all members drops all packets for a while. Members run with different settings, each
 * with each in turn. Clients of each member hold a watch and keep writing: how long after the path is restored do these
 * work again?
 */
export async function clientOutage(rig: SocketRig, cases: readonly Case[], rounds: number): Promise<Table> {
  const samples = new Samples(Object.values(CLIENT_COLUMNS), rig.progress);
  const machines = [rig.leader, rig.near, rig.far];
  for (let round = 1; round <= rounds; round += 1) {
    const assigned = cases.map((one, index) => ({ one, machine: machines[(index + round) % machines.length] }));
    for (const { one, machine } of assigned) await rig.setKernel(machine, one);
    const events = new AbortController();
    const writer = keepWriting(rig, events.signal);
    const clients = assigned.map(async ({ one, machine }) => {
      const healsIn = ["-heals-in", `${LEAD_MS + CLIENT_OUTAGE_MS}ms`, "-limit", `${LIMIT_MS}ms`];
      const [kept, plain] = await Promise.all([
        rig.answerOfOperator(machine, ["outage", ...healsIn, ...KEEPALIVE]) as Promise<Recovery>,
        rig.answerOfOperator(machine, ["outage", ...healsIn]) as Promise<Recovery>,
      ]);
      samples.add(one.name, CLIENT_COLUMNS.keptWatch, kept.watchSeconds);
      samples.add(one.name, CLIENT_COLUMNS.keptWrite, kept.writeSeconds);
      samples.add(one.name, CLIENT_COLUMNS.plainWatch, plain.watchSeconds);
      samples.add(one.name, CLIENT_COLUMNS.plainWrite, plain.writeSeconds);
    });
    const ended = Promise.all(clients);
    try {
      const started = performance.now();
      await sleep(LEAD_MS);
      for (const machine of machines) await rig.wan.link({ a: OPERATOR, b: rig.locationOf(machine), down: true });
      await sleep(LEAD_MS + CLIENT_OUTAGE_MS - (performance.now() - started));
      for (const machine of machines) await rig.wan.heal(OPERATOR, rig.locationOf(machine));
      await ended;
    } finally {
      await rig.wan.heal(OPERATOR);
      events.abort();
      await writer;
    }
    rig.progress(`outage of the clients' path, round ${round} of ${rounds}`);
  }
  const cut = `The path to clients is cut in silence for ${CLIENT_OUTAGE_MS / 1000} s; then it takes`;
  return samples.table(`${cut} (${LIMIT_MS / 1000}: not within that)`);
}

/** The machine in Singapore is isolated for a while: when do its peers give up its connections and make new ones? */
export async function peerOutage(rig: SocketRig, cases: readonly Case[], rounds: number): Promise<Table> {
  const samples = new Samples([GIVEN_UP, BACK], rig.progress);
  const id = rig.far.host.name;
  for (let round = 1; round <= rounds; round += 1) {
    for (const one of cases) {
      await rig.use(one);
      await sleep(LEAD_MS);
      const cut = performance.now();
      await rig.wan.isolate(id);
      try {
        const { revision } = (await rig.answer(rig.leader, ["fill", "-count", "40", "-size", "1000"])) as {
          revision: number;
        };
        samples.add(one.name, GIVEN_UP, await givenUp(rig, cut));
        await sleep(PEER_OUTAGE_MS - (performance.now() - cut));
        await rig.wan.isolate(id, false);
        const { seconds } = (await rig.answer(rig.far, ["await", "-revision", String(revision)])) as {
          seconds: number;
        };
        samples.add(one.name, BACK, seconds);
      } finally {
        await rig.wan.isolate(id, false);
      }
      await rig.settle();
      rig.progress(`outage of a peer, round ${round}, ${one.name}`);
    }
  }
  return samples.table(`A peer vanishes for ${PEER_OUTAGE_MS / 1000} s`);
}

/** Seconds until none of the leader's connections with Singapore is established any more. */
async function givenUp(rig: SocketRig, since: number): Promise<number> {
  const peer = rig.far.host.address;
  while (performance.now() - since < PEER_OUTAGE_MS) {
    const open = await rig.leader.host.run(["ss", "-tnH", "state", "established", "dst", peer], 10_000);
    if (open.trim() === "") return (performance.now() - since) / 1000;
    await sleep(100);
  }
  return PEER_OUTAGE_MS / 1000;
}

/** Makes events for the watches, by writes from inside the cluster. */
async function keepWriting(rig: SocketRig, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await rig.answer(rig.leader, ["fill", "-count", "1", "-size", "10", "-prefix", "/outage", "-keep"]);
    await sleep(500);
  }
}

/** The longest time in seconds until the first keepalive probe of any of the leader's sockets. */
export async function longestKeepalive(rig: SocketRig): Promise<number> {
  const sockets = await rig.leader.host.run(["ss", "-tnoH", "state", "established"], 10_000);
  const timers = [...sockets.matchAll(/timer:\(keepalive,(?:(\d+)min)?(?:(\d+)sec|([\d.]+)ms)?/g)];
  return Math.max(...timers.map(([, minutes = "0", seconds = "0"]) => Number(minutes) * 60 + Number(seconds)));
}
