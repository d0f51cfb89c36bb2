/** `npm run demo`: from nothing to a healthy cluster on three continents, with a tour of its features. */
import * as path from "node:path";
import { Listr, ListrTaskWrapper, DefaultRenderer, SimpleRenderer } from "listr2";
import { deploy, Lab, LabConfig, LabPaths, ToolError, writeAtomically } from "terraform-lab";
import { LabCluster } from "./lab-cluster";
import { etcdIn } from "./etcd/in-lab";
import definition from "./lab.config";

interface DemoContext {
  config: LabConfig;
  cluster: LabCluster;
}

type Task = ListrTaskWrapper<DemoContext, typeof DefaultRenderer, typeof SimpleRenderer>;

const paths = LabPaths.here();
let say: (line: string) => void = () => undefined;
const lab = new Lab(definition, paths, (line) => {
  say(line);
});
const interrupted = new AbortController();

async function bringUp(context: DemoContext, task: Task): Promise<void> {
  say = (line) => (task.output = line);
  context.config = await lab.up();
  task.title = `The lab is up: DigitalOcean's API on 127.0.0.1:${context.config.port}, and a WAN with real distances`;
}

async function deployMain(context: DemoContext, task: Task): Promise<void> {
  const started = Date.now();
  await deploy({
    env: lab.environment(context.config),
    operator: lab.operator(),
    logFile: path.join(paths.root, "deploy.log"),
    signal: interrupted.signal,
    onLine: (line) => {
      if (/^\w+\.\S+: Creat|\(remote-exec\): (etcd-|error|downloading)/.test(line)) task.output = readable(line);
    },
  });
  context.cluster = await LabCluster.of(lab, paths);
  task.title = `cdktf deploy of main.ts took ${seconds(started)}`;
}

async function showMembers({ cluster }: DemoContext, task: Task): Promise<void> {
  const { members, leader } = await cluster.status();
  if (members.length !== cluster.machines.length || leader === undefined) {
    throw new Error(
      `expected ${cluster.machines.length} members and a leader, got ${JSON.stringify({ members, leader })}`,
    );
  }
  task.title = `Members: ${members.map(({ name }) => (name === leader ? `${name} (leader)` : name)).join(", ")}`;
}

async function writeEverywhere({ cluster }: DemoContext, task: Task): Promise<void> {
  const model = cluster.model();
  const { leader } = await cluster.status();
  const leaderRegion = cluster.machine(leader ?? "").region;
  for (const machine of cluster.machines) {
    const ms = await cluster.writeMs(machine);
    task.output = `${machine.region}: ${ms.toFixed(1)} ms (the distances allow ${model.writeMs(machine.region, leaderRegion).toFixed(0)})`;
  }
  task.title = "A write from each continent, through the member there";
}

async function refuseStrangers({ cluster }: DemoContext, task: Task): Promise<void> {
  const result = await cluster.etcdctl(["get", "/foo"], {
    ...cluster.environment(),
    ETCDCTL_CERT: "",
    ETCDCTL_KEY: "",
  });
  if (result.ok) throw new Error("a client without a certificate was let in");
  task.title = "A client without a certificate is refused";
}

async function loseAContinent({ cluster }: DemoContext, task: Task): Promise<void> {
  const api = lab.api();
  const { leader } = await cluster.status();
  const lost = cluster.machine(leader ?? "");
  const witness = cluster.machines.find((machine) => machine !== lost) ?? lost;
  task.output = `pulling the plug of ${lost.name}, the leader`;
  const started = Date.now();
  await api.power(lost, "power_off");
  await cluster.untilWritten(witness, 60);
  const gap = seconds(started);
  const successor = (await cluster.status()).leader;
  task.output = `${successor ?? "nobody"} leads now; starting ${lost.name} again`;
  await api.power(lost, "power_on");
  await cluster.untilHealthy();
  await cluster.moveLeader(cluster.machine(successor ?? ""), lost.name);
  task.title = `${lost.region} lost with the leader in it: a client of ${witness.name} could write again after ${gap}; it is back and has caught up`;
}

/** Writes a file with etcd's environment, for the user's shell. */
function writeEnvironment(): void {
  writeAtomically(
    path.join(paths.root, "etcd.env"),
    `. '${path.join(paths.access, "operator", "etcd.env")}'\nexport PATH='${etcdIn(paths).binDir}':"$PATH"\n`,
  );
}

/** A line of Terraform's output for display: a machine's message, or the resource that is being made. */
function readable(line: string): string {
  const machine = /\(remote-exec\): (.*)$/.exec(line)?.[1];
  return (machine ?? line.replace(/^(\w+)\.(\S+?)_[0-9A-F]{8}:/, "$1 $2:").replace(/ \[id=.*$/, "")).slice(0, 140);
}

function seconds(since: number): string {
  return `${((Date.now() - since) / 1000).toFixed(1)} s`;
}

async function main(): Promise<void> {
  const context = {} as DemoContext;
  const tasks = new Listr<DemoContext>(
    [
      { title: "Bringing the lab up", task: bringUp },
      { title: "cdktf deploy of main.ts: London, New York, Singapore", task: deployMain },
      { title: "Members and leader", task: showMembers },
      {
        title: "A write from each continent",
        task: writeEverywhere,
        rendererOptions: { persistentOutput: true, outputBar: Infinity },
      },
      { title: "A client without a certificate", task: refuseStrangers },
      { title: "The loss of a continent", task: loseAContinent },
      { title: "The environment for your shell: .lab/etcd.env", task: writeEnvironment },
    ],
    { rendererOptions: { collapseSubtasks: false }, registerSignalListeners: false },
  );
  await tasks.run(context);
  console.log(`
The cluster runs. What stands in for the real thing here:
${lab
  .standIns(context.config)
  .map((sentence) => `  - ${sentence}`)
  .join("\n")}

Go on with:
  . .lab/etcd.env && etcdctl endpoint health --cluster
  etcdctl put /foo bar && etcdctl get /foo
  npm run lab -- status
  npm run lab -- exec etcd-sgp1 -- journalctl -u etcd -n 5
  npm run lab -- link lon1 nyc3 --rtt 300
  npm run lab -- power etcd-nyc3 kill
and when you are done:
  npm run lab -- down`);
}

process.once("SIGINT", () => {
  interrupted.abort();
  console.error(
    "\nInterrupted. What was made so far is kept: go on with `npm run demo`, or remove it with `npm run lab -- down`.",
  );
  process.once("SIGINT", () => process.exit(130));
  // Terraform, which gets the same signal, needs time to save its state.
  setTimeout(() => process.exit(130), 10_000).unref();
});

main().catch((error: unknown) => {
  if (interrupted.signal.aborted) process.exit(130);
  console.error(`\nerror: ${error instanceof Error ? error.message : String(error)}`);
  if (!(error instanceof ToolError)) console.error("Look at: npm run lab -- status, .lab/deploy.log, .lab/daemon.log");
  process.exitCode = 1;
});
