/**
 * `npm run bench:sockets [-- --rounds N] [--parts a,b:rounds] [--json]`: the effect of each kernel setting for long fat
 * paths, on a bare cluster over the lab's WAN. Parts: throughput, burst, catch-up, loss, snapshot, steady, outage,
 * heartbeats, black-hole.
 */
import { parseArgs } from "node:util";
import { buildWan } from "terraform-lab";
import { enclosed } from "../../rig/enclosure";
import { ensureRigEtcd } from "../../rig/rig";
import { blackHole } from "./black-hole";
import { burst } from "./burst";
import { catchUp } from "./catch-up";
import { heartbeats } from "./heartbeats";
import { together, type Case } from "./kernel";
import { clientOutage, longestKeepalive, peerOutage } from "./outage";
import { ensureSockets } from "../../programs";
import { SocketRig } from "./rig";
import { markdown, type Table } from "./table";
import { steady } from "./steady";
import { throughput } from "./throughput";

const LARGE = "4096 131072 28311552";

const BBR: Case = { name: "bbr", sysctls: {}, congestionControl: "bbr" };
const STREAMS_BY_CUBIC: Case = { name: "cubic for streams", sysctls: {}, streamCongestionControl: "cubic" };
const NO_SLOW_START: Case = {
  name: "no slow start after idle",
  sysctls: { "net.ipv4.tcp_slow_start_after_idle": "0" },
};
const BUFFERS: Case = {
  name: "buffers",
  sysctls: { "net.ipv4.tcp_rmem": LARGE, "net.ipv4.tcp_wmem": "4096 16384 28311552" },
};
/** The settings that affect throughput: measured without each of them, and with all. */
const LINES: readonly Case[] = [BBR, STREAMS_BY_CUBIC, NO_SLOW_START, BUFFERS];

type Part = (rig: SocketRig, rounds: number) => Promise<Table[]>;

const PARTS: Readonly<Record<string, Part>> = {
  throughput: async (rig, rounds) => {
    const [receive, send] = ["tcp_rmem", "tcp_wmem"].map((name) => ({
      name: `${name} alone`,
      sysctls: { [`net.ipv4.${name}`]: BUFFERS.sysctls[`net.ipv4.${name}`] },
    }));
    return [await throughput(rig, [none(), receive, send, BUFFERS, BBR, all()], rounds)];
  },
  burst: async (rig, rounds) => {
    const extras = [
      together("all + initcwnd 40", [all(), { name: "", sysctls: {}, initialWindow: 40 }]),
      together("all + notsent_lowat", [all(), { name: "", sysctls: { "net.ipv4.tcp_notsent_lowat": "131072" } }]),
    ];
    return [await burst(rig, [none(), NO_SLOW_START, BUFFERS, allBut(BBR), BBR, all(), ...extras.slice(0, 1)], rounds)];
  },
  "catch-up": async (rig, rounds) => {
    const what = { title: "A clean path, 200 MB behind, by log entries", megabytes: 200 };
    return [await catchUp(rig, [none(), ...LINES.map(allBut), all()], what, rounds)];
  },
  snapshot: async (rig, rounds) => {
    const what = { title: "A clean path, 200 MB behind, by a snapshot", megabytes: 200, bySnapshot: true };
    return [await catchUp(rig, [none(), all()], what, rounds)];
  },
  loss: async (rig, rounds) => {
    const loss = 0.1;
    const cases = [none(), allBut(BBR), allBut(STREAMS_BY_CUBIC), all()];
    return rig.withLoss(loss, async () => [
      await catchUp(rig, cases, { title: `${loss} % loss, 20 MB behind, by log entries`, megabytes: 20 }, rounds),
      await catchUp(
        rig,
        cases.slice(1),
        { title: `${loss} % loss, 20 MB behind, by a snapshot`, megabytes: 20, bySnapshot: true },
        rounds,
      ),
    ]);
  },
  steady: async (rig, rounds) => {
    const tables: Table[] = [];
    for (const loss of [0, 0.1, 1]) {
      tables.push(await steady(rig, [allBut(BBR), allBut(STREAMS_BY_CUBIC), all()], loss, rounds));
    }
    return tables;
  },
  outage: async (rig, rounds) => {
    const retries = (count: number): Case => ({
      name: `tcp_retries2 = ${count}`,
      sysctls: { "net.ipv4.tcp_retries2": String(count) },
    });
    const notice = {
      name: "tcp_retries2 = 5, tcp_syn_retries = 2",
      sysctls: { "net.ipv4.tcp_retries2": "5", "net.ipv4.tcp_syn_retries": "2" },
    };
    rig.progress(`longest keepalive timer of the leader's sockets: ${await longestKeepalive(rig)} s`);
    return [
      await clientOutage(rig, [retries(15), retries(8), retries(5)], rounds),
      await peerOutage(rig, [none(), notice], rounds),
    ];
  },
  heartbeats: async (rig, rounds) => {
    const thin = { name: "tcp_thin_linear_timeouts = 1", sysctls: { "net.ipv4.tcp_thin_linear_timeouts": "1" } };
    const both = together("bbr + thin_linear_timeouts", [BBR, thin]);
    return [await heartbeats(rig, [none(), thin, BBR, both], rounds)];
  },
  "black-hole": async (rig, rounds) => {
    const probing = (mode: number): Case => ({
      name: `tcp_mtu_probing = ${mode}`,
      sysctls: { "net.ipv4.tcp_mtu_probing": String(mode) },
    });
    return [await blackHole(rig, [probing(0), probing(1)], rounds)];
  },
};

function none(): Case {
  return { name: "none", sysctls: {} };
}

function all(): Case {
  return together("all", LINES);
}

function allBut(one: Case): Case {
  return together(
    `all but ${one.name}`,
    LINES.filter((line) => line !== one),
  );
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: "3" },
      parts: { type: "string", default: Object.keys(PARTS).join(",") },
      json: { type: "boolean", default: false },
    },
  });
  const started = Date.now();
  const progress = (line: string): void => {
    console.error(`[${((Date.now() - started) / 1000).toFixed(1).padStart(6)} s] ${line}`);
  };
  const prepare = async (): Promise<void> => {
    await ensureSockets(progress);
    await ensureRigEtcd(progress);
    await buildWan();
  };
  await enclosed(prepare, async (root) => {
    const rig = await SocketRig.up(root, progress);
    const tables: Table[] = [];
    try {
      for (const name of values.parts.split(",")) {
        const [part, rounds = values.rounds] = name.split(":");
        const made = await PARTS[part](rig, Number(rounds));
        if (!values.json) console.log(made.map(markdown).join("\n"));
        tables.push(...made);
      }
    } finally {
      await rig.down();
    }
    if (values.json) console.log(JSON.stringify(tables, null, 2));
  });
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
