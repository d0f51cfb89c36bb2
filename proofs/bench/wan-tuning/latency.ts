import type { Progress } from "terraform-lab";
import { QuorumModel } from "../../../lib/wan";
import type { RigCluster } from "../../rig/cluster";
import type { NetworkCondition } from "../../rig/network";
import type { RigHost } from "../../rig/host";
import type { Rig } from "../../rig/rig";
import { ensureProbe } from "../../programs";
import { found } from "./clusters";
import { markdownTable, milliseconds, percent } from "../../figures/markdown";
import { CALM, CALM_FIVE, LEADER_REGION, SETTINGS, TIMES } from "./settings";
import { errorPercent } from "../../figures/statistics";

/** Calls for each median: one after the other on one connection, after a first one that includes the handshake. */
const CALLS = 50;

/** The timed call: a write on the leader's machine, or a client's call through its nearest member. */
export type Call = "commit" | "write" | "linearizable read";

/** A measured latency and the model's prediction. */
export interface LatencyResult {
  readonly locations: number;
  readonly leader: string;
  readonly call: Call;
  /** The client's region; the leader's for a commit. */
  readonly client: string;
  readonly measuredMs: number;
  readonly predictedMs: number;
}

/** The clients' hosts by region. */
type Clients = ReadonlyMap<string, RigHost>;

/** Measures every call from every region for every region of the leader, with three and with five locations. */
export async function measureLatencies(
  rig: Rig,
  report: (results: readonly LatencyResult[]) => void,
  progress: Progress,
): Promise<readonly LatencyResult[]> {
  const results: LatencyResult[] = [];
  for (const condition of [CALM, CALM_FIVE]) {
    const { cluster } = await found(rig, { setting: SETTINGS[0], condition, leader: LEADER_REGION });
    const clients = await clientHosts(rig, cluster, condition);
    for (const leader of condition.regions) {
      await cluster.placeLeader(leader);
      results.push(...(await latenciesWith(leader, rig, cluster, clients)));
      report(results);
      progress(`latency: ${condition.regions.length} locations, leader at ${leader}`);
    }
    await cluster.stop();
  }
  return results;
}

async function clientHosts(rig: Rig, { name }: RigCluster, condition: NetworkCondition): Promise<Clients> {
  const hosts = new Map<string, RigHost>();
  for (const region of condition.regions) hosts.set(region, await rig.host(`${name}-p-${region}`, condition, region));
  return hosts;
}

async function latenciesWith(
  leader: string,
  rig: Rig,
  cluster: RigCluster,
  clients: Clients,
): Promise<LatencyResult[]> {
  const regions = cluster.members.map(({ region }) => region);
  const model = new QuorumModel({ roundTripTimes: TIMES, memberLocations: regions });
  const at = { locations: regions.length, leader };
  const { host } = cluster.member(leader);
  const commit: LatencyResult = {
    ...{ ...at, call: "commit", client: leader, predictedMs: model.commitMs(leader) },
    measuredMs: await medianMs(rig, host, "https://127.0.0.1:2379", "write"),
  };
  // All locations at once: they share only the leader, whose load is small.
  const calls = await Promise.all(
    [...clients].map(async ([client, from]): Promise<LatencyResult[]> => {
      const { endpoint } = cluster.member(model.nearestMember(client));
      const one = { ...at, client };
      return [
        {
          ...{ ...one, call: "write", predictedMs: model.writeMs(client, leader) },
          measuredMs: await medianMs(rig, from, endpoint, "write"),
        },
        {
          ...{ ...one, call: "linearizable read", predictedMs: model.linearizableReadMs(client, leader) },
          measuredMs: await medianMs(rig, from, endpoint, "read"),
        },
      ];
    }),
  );
  if ((await cluster.leader())?.region !== leader)
    throw new Error(`${cluster.name}: the leader has left ${leader} meanwhile`);
  return [commit, ...calls.flat()];
}

async function medianMs(rig: Rig, host: RigHost, endpoint: string, call: "write" | "read"): Promise<number> {
  const { ca, cert, key } = rig.client;
  const files = ["-cacert", ca, "-cert", cert, "-key", key];
  const what = ["-endpoint", endpoint, "-count", String(CALLS), ...(call === "read" ? ["-read"] : [])];
  const answer = await host.run([await ensureProbe(), ...files, ...what], 120_000);
  return (JSON.parse(answer) as { medianMs: number }).medianMs;
}

export function latencyTables(results: readonly LatencyResult[]): string {
  const rows = results.map((one) => [
    one.leader,
    String(one.locations),
    one.call,
    one.client,
    milliseconds(one.predictedMs),
    milliseconds(one.measuredMs),
    percent(errorPercent(one.measuredMs, one.predictedMs)),
  ]);
  const header = ["leader", "locations", "call", "client", "model", "measured", "error"];
  return [markdownTable(header, rows), meansTable(results)].join("\n\n");
}

/** The mean write over the members' locations by the leader's region: the benefit of placing the leader. */
function meansTable(results: readonly LatencyResult[]): string {
  const means = [...new Set(results.map(({ locations }) => locations))].flatMap((locations) => {
    const writes = results.filter((one) => one.locations === locations && one.call === "write");
    const leaders = [...new Set(writes.map(({ leader }) => leader))];
    return leaders.map((leader) => {
      const own = writes.filter((one) => one.leader === leader);
      return { locations, leader, measured: mean(own, "measuredMs"), predicted: mean(own, "predictedMs") };
    });
  });
  const rows = means.map(({ locations, leader, measured, predicted }) => {
    const singapore = means.find((one) => one.locations === locations && one.leader === "sgp1");
    return [
      leader,
      String(locations),
      milliseconds(predicted),
      milliseconds(measured),
      percent(errorPercent(measured, predicted)),
      singapore === undefined ? "" : `${(singapore.measured / measured).toFixed(2)} x`,
    ];
  });
  return markdownTable(
    ["leader", "locations", "mean write, model", "measured", "error", "better than in Singapore"],
    rows,
  );
}

function mean(results: readonly LatencyResult[], what: "measuredMs" | "predictedMs"): number {
  return results.reduce((sum, one) => sum + one[what], 0) / results.length;
}
