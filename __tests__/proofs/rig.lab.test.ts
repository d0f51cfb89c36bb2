import { existsSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { attempt, type CommandResult, processesWith, run, waitUntil } from "terraform-lab";
import { RoundTripTimes } from "../../lib/wan";
import { Rig } from "../../proofs/rig/rig";
import type { CertificateFiles } from "../../proofs/etcd/throw-away-authority";
import type { RigMember } from "../../proofs/rig/member";
import { ensureProbe } from "../../proofs/programs";

const CALM = { name: "calm", regions: ["lon1", "nyc3", "sgp1"] };
const GRPC = path.resolve(__dirname, "..", "..", "templates", "leader", "grpc.sh");

/** Has a member be asked by the nodes' own script for leadership to go to the member with that id. */
function handOver(from: RigMember, id: bigint, { ca, cert, key }: CertificateFiles): Promise<CommandResult> {
  const script =
    `set -eu; ask_client_url() { curl -sS --cacert ${ca} --cert ${cert} --key ${key} "$@"; }; . ${GRPC}; ` +
    `grpc_call ${from.endpoint} etcdserverpb.Maintenance/MoveLeader "$(grpc_frame "\\\\0010$(varint ${id})")" --max-time 20`;
  return attempt(["sh", "-c", script]);
}

test("a bare cluster without etcd's gateway outlives the loss of its leader's power, and nothing is left of it", async () => {
  const root = path.join(await mkdtemp(path.join(tmpdir(), "rigtest-")), "rig");
  const probe = await ensureProbe();
  const times = RoundTripTimes.digitalOcean();
  const rig = await Rig.up({ root, times: { p50: (a, b) => times.between(a, b) }, conditions: [CALM] });
  try {
    const cluster = await rig.cluster({ name: "c", condition: CALM, heartbeatMs: 70, electionMs: 700 });
    await cluster.placeLeader("lon1");
    const before = await cluster.elections();

    const { api: newYork } = cluster.member("nyc3");
    const refused = await handOver(cluster.member("lon1"), 1n, rig.client);
    expect([refused.status, refused.stderr.trim()]).toEqual([1, "etcdserver: bad leader transferee"]);
    const moved = await handOver(cluster.member("lon1"), (await newYork.status()).id, rig.client);
    expect([moved.status, moved.stderr]).toEqual([0, ""]);
    expect((await cluster.leader())?.region).toBe("nyc3");
    // By the transfer alone: an election would be one term more.
    expect((await newYork.status()).raftTerm).toBe(before.term + 1);
    await cluster.placeLeader("lon1");

    await cluster.member("lon1").losePower();
    const led = await waitUntil(async () => (await cluster.leader()) !== undefined, 10_000);
    expect(led).toBe(true);
    expect((await cluster.leader())?.region).not.toBe("lon1");

    const client = await rig.host("client", CALM, "nyc3");
    const { ca, cert, key } = rig.client;
    const endpoint = cluster.member("nyc3").endpoint;
    const argv = ["-endpoint", endpoint, "-cacert", ca, "-cert", cert, "-key", key, "-count", "3"];
    const { medianMs } = JSON.parse(await client.run([probe, ...argv], 15_000)) as { medianMs: number };
    // With London gone a commit takes the 224 ms between New York and Singapore.
    expect(medianMs).toBeGreaterThan(223);

    await cluster.member("lon1").returnPower();
    await cluster.untilHealthy();
    expect((await cluster.elections()).term).toBeGreaterThan(before.term);
  } finally {
    await rig.down();
  }
  expect(existsSync(root)).toBe(false);
  expect(processesWith((argv) => argv.some((word) => word.startsWith(root)))).toEqual([]);
  expect(await run(["ip", "netns", "list"])).not.toContain("etcdrig-");
}, 45_000);
