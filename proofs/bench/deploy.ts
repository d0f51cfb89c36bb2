/**
 * `npm run bench:deploy [-- --rounds N] [--json]`: the duration of `cdktf deploy` of main.ts into a fresh lab, from its
 * start until all members are healthy, by phase; SSH connections per member; and the commit latency at the leader.
 */
import { mkdirSync } from "node:fs";
import * as path from "node:path";
import { parseArgs } from "node:util";
import { cdktf, deploy, Lab, LabDroplet, LabPaths, run } from "terraform-lab";
import { LabCluster } from "../lab-cluster";
import { median } from "../figures/statistics";
import { ensureProbe } from "../programs";
import definition from "../lab.config";

/** The line that ends each phase: the last one that matches. */
const PHASES: readonly (readonly [string, RegExp])[] = [
  ["synth", /Initializing the backend/],
  ["init", /Terraform has been successfully initialized/],
  ["plan", /Plan: \d+ to add/],
  ["machines", /digitalocean_droplet\.\S+: Creation complete/],
  ["install", /_install_\S+: Creation complete/],
  ["activate", /_converge_\S+ \(remote-exec\): \S+: (founding|nothing to restart|restarting)/],
  ["converge", /_converge_\S+: Creation complete/],
  ["finish", /(?!)/],
];

interface Round {
  readonly totalMs: number;
  readonly phaseMs: Record<string, number>;
  readonly sshPerMember: number;
  readonly commitMs: number;
}

async function round(lab: Lab, paths: LabPaths, probe: string): Promise<Round> {
  const config = await lab.up();
  mkdirSync(paths.root, { recursive: true });
  const ends = new Map<string, number>();
  const how = {
    env: lab.environment(config),
    operator: lab.operator(),
    logFile: path.join(paths.root, "bench.log"),
  };
  const started = performance.now();
  await deploy({
    ...how,
    onLine: (line) => {
      for (const [phase, end] of PHASES) if (end.test(line)) ends.set(phase, performance.now());
    },
  });
  const finished = performance.now();
  ends.set("finish", finished);

  const cluster = await LabCluster.of(lab, paths);
  await cluster.mustBeHealthy();
  const connections = await Promise.all(
    cluster.machines.map(async (machine) => {
      const { stdout } = await cluster.on(machine, "journalctl -u ssh -o cat | grep -c 'Accepted publickey'");
      return Number(stdout);
    }),
  );
  const { leader } = await cluster.status();
  const commitMs = await commitAt(cluster.machine(leader ?? ""), probe, paths);
  await cdktf({ ...how, args: ["destroy", "--auto-approve"] });

  let before = started;
  const phaseMs = Object.fromEntries(
    PHASES.map(([phase]) => {
      const end = ends.get(phase) ?? before;
      const ms = end - before;
      before = end;
      return [phase, ms];
    }),
  );
  return { totalMs: finished - started, phaseMs, sshPerMember: Math.max(...connections), commitMs };
}

/** The median time in ms of 100 puts with etcd's Go client on the leader's machine. */
async function commitAt(leader: LabDroplet, probe: string, paths: LabPaths): Promise<number> {
  const access = path.join(paths.access, "operator");
  const files = ["-cacert", `${access}/ca.crt`, "-cert", `${access}/client.crt`, "-key", `${access}/client.key`];
  // Only the machine's network namespace is entered: the program and the files are the host's.
  const answer = await run(["nsenter", `--net=/run/netns/lab-${leader.id}`, probe, ...files, "-count", "100"]);
  return (JSON.parse(answer) as { medianMs: number }).medianMs;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { rounds: { type: "string", default: "5" }, json: { type: "boolean", default: false } },
  });
  const paths = new LabPaths(path.resolve(".lab-bench"));
  const lab = new Lab(definition, paths, (line) => {
    console.error(line);
  });
  const rounds: Round[] = [];
  try {
    await lab.down();
    const probe = await ensureProbe();
    for (let i = 0; i < Number(values.rounds); i += 1) {
      rounds.push(await round(lab, paths, probe));
      console.error(`round ${i + 1}: ${((rounds.at(-1)?.totalMs ?? 0) / 1000).toFixed(1)} s`);
    }
  } finally {
    await lab.down();
  }
  if (values.json) {
    console.log(JSON.stringify(rounds, null, 2));
    return;
  }
  const total = median(rounds.map((one) => one.totalMs));
  const row = (name: string, ms: number): string =>
    `| ${name.padEnd(9)} | ${(ms / 1000).toFixed(1).padStart(5)} s | ${((100 * ms) / total).toFixed(0).padStart(3)} % |`;
  console.log("| phase     |  median | share |\n| --------- | ------- | ----- |");
  for (const [phase] of PHASES) console.log(row(phase, median(rounds.map((one) => one.phaseMs[phase]))));
  console.log(row("total", total));
  console.log(`\nworst total: ${(Math.max(...rounds.map((one) => one.totalMs)) / 1000).toFixed(1)} s`);
  console.log(`SSH connections per member, at most: ${Math.max(...rounds.map((one) => one.sshPerMember))}`);
  console.log(`commit at the leader, median: ${median(rounds.map((one) => one.commitMs)).toFixed(1)} ms`);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
