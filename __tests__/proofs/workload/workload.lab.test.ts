/** @independent */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { attempt, run } from "terraform-lab";
import { passGoTests } from "../../lab/go-tests";
import { eventually } from "../../../proofs/harness";
import { ensureKnownEtcd } from "../../../proofs/etcd/known-release";
import { ensureWorkload, PROOFS_GO_TESTS } from "../../../proofs/programs";
import { EtcdVersion } from "../../../lib/etcd-version";
import { LoopbackCluster } from "./loopback-cluster";

jest.setTimeout(600_000);

interface Summary {
  readonly count: number;
  readonly failed: number;
  readonly retried: number;
  readonly maxMs: number;
}

interface Verdict {
  readonly ok: boolean;
  readonly operations: number;
  readonly acknowledged: number;
  readonly watchEvents: number;
  readonly checks: readonly { name: string; outcome: string; sentences: readonly string[] }[];
}

interface HistoryLine {
  readonly kind: string;
  readonly key: string;
  readonly endpoint?: string;
  readonly start?: number;
  readonly ok: boolean;
}

describe("on a real cluster", () => {
  let workload: string;
  let cluster: LoopbackCluster;
  let dir: string;
  const clients: ChildProcess[] = [];

  beforeAll(async () => {
    workload = await ensureWorkload();
    const etcd = await ensureKnownEtcd(EtcdVersion.V3_6_14.version);
    dir = await mkdtemp(path.join(tmpdir(), "cdktf-etcd-workload-"));
    cluster = await LoopbackCluster.start(etcd.binDir, dir);
  });
  afterAll(async () => {
    for (const client of clients) client.kill("SIGKILL");
    await cluster.stop();
    await rm(dir, { recursive: true, force: true });
  });

  function history(name: string): string {
    return path.join(dir, `${name}.jsonl`);
  }

  function linesOf(name: string): HistoryLine[] {
    // What follows the last end of a line is a line that is being written.
    const lines = readFileSync(history(name), "utf8").split("\n").slice(0, -1);
    return lines.map((line) => JSON.parse(line) as HistoryLine);
  }

  /** Starts a client; the promise of its summary is rejected if it fails. */
  function start(name: string, prefix: string, ...flags: string[]): { child: ChildProcess; ended: Promise<Summary> } {
    const args = ["run", "-endpoints", cluster.endpoints, "-name", name, "-prefix", prefix, "-out", history(name)];
    const child = spawn(workload, [...args, "-rate", "20", ...flags], { stdio: ["ignore", "pipe", "inherit"] });
    clients.push(child);
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    const ended = once(child, "close").then(([code]) => {
      if (code !== 0) throw new Error(`${name}: exit status ${String(code)}`);
      return JSON.parse(output) as Summary;
    });
    // A test that fails earlier must not be followed by this as well.
    ended.catch(() => undefined);
    return { child, ended };
  }

  async function check(...args: string[]): Promise<Verdict> {
    const { status, stdout, stderr } = await attempt([workload, "check", "-json", ...args]);
    if (stdout === "") throw new Error(stderr);
    const verdict = JSON.parse(stdout) as Verdict;
    expect(status).toBe(verdict.ok ? 0 : 1);
    expect(stderr).toContain(verdict.ok ? "OK: " : "VIOLATED");
    return verdict;
  }

  function sentencesOf(verdict: Verdict, name: string): string {
    return verdict.checks.find((one) => one.name === name)?.sentences.join("\n") ?? "";
  }

  it("passes its own tests", async () => {
    const stdout = await passGoTests(PROOFS_GO_TESTS.workload, {
      WORKLOAD_TEST_ENDPOINT: cluster.endpoints.split(",")[0],
    });
    expect(stdout).toMatch(/^--- PASS: TestSwapThatWasOverwrittenBeforeItsRetry/m);
    expect(stdout).not.toContain("--- SKIP");
  });

  it("loses nothing when the leader dies, and no recommended client fails an operation", async () => {
    const prefix = "/leader/";
    const mixed = start("mixed", prefix, "-seconds", "10", "-ops", "mixed");
    const put = start("put", prefix, "-seconds", "10");
    const naive = start("naive", prefix, "-seconds", "10", "-ops", "mixed", "-mode", "naive");
    await sleep(2500);
    const leader = await cluster.leader();
    await cluster.signal(leader, "SIGKILL");
    await sleep(4000);
    cluster.startMember(leader);
    const [mixedSummary, putSummary, naiveSummary] = await Promise.all([mixed.ended, put.ended, naive.ended]);

    expect(["mixed", "put"].flatMap((name) => linesOf(name).filter(({ ok }) => !ok))).toEqual([]);
    expect(mixedSummary).toMatchObject({ count: 300, failed: 0 });
    expect(putSummary).toMatchObject({ count: 200, failed: 0 });
    expect(mixedSummary.retried + putSummary.retried).toBeGreaterThan(0);
    expect(naiveSummary.count).toBe(300);

    const files = ["mixed", "put", "naive"].map(history);
    const verdict = await check("-endpoints", cluster.endpoints, "-prefix", prefix, ...files);
    expect(verdict.checks.map(({ name, outcome, sentences }) => ({ name, outcome, sentences }))).toEqual(
      ["final state", "values", "order of revisions", "watches", "linearizable"].map((name) => ({
        name,
        outcome: "passed",
        sentences: [],
      })),
    );
    expect(verdict.operations).toBe(800);
    expect(verdict.watchEvents).toBeGreaterThan(600);
  });

  it("leaves a member that hangs alone, and comes back to it as the nearest", async () => {
    const nearest = cluster.endpoints.split(",")[0];
    const client = start("away", "/away/", "-seconds", "9");
    await sleep(2500);
    await cluster.signal("a", "SIGSTOP");
    await sleep(2500);
    await cluster.signal("a", "SIGCONT");
    const summary = await client.ended;
    expect(summary).toMatchObject({ count: 180, failed: 0 });

    const lines = linesOf("away");
    const times = lines.map((line) => line.start ?? NaN);
    const used = (from: number, to: number) =>
      new Set(
        lines
          .filter((_line, i) => times[i] - times[0] >= from * 1e9 && times[i] - times[0] < to * 1e9)
          .map((line) => line.endpoint),
      );
    expect([...used(0, 1.5)]).toEqual([nearest]);
    expect(used(3.5, 4.5)).not.toContain(nearest);
    expect([...used(7.5, 9)]).toEqual([nearest]);
    expect((await check("-endpoints", cluster.endpoints, "-prefix", "/away/", history("away"))).ok).toBe(true);
  });

  it("can be followed while it runs, and ends cleanly when told to", async () => {
    const client = start("told", "/told/", "-seconds", "60", "-ops", "mixed");
    await sleep(3000);
    const seen = linesOf("told").length;
    expect(seen).toBeGreaterThan(0);
    await eventually("its history grows while it runs", () => Promise.resolve(linesOf("told").length > seen), 10);
    client.child.kill("SIGTERM");
    const summary = await client.ended;
    expect(summary.failed).toBe(0);
    const lines = linesOf("told");
    expect(lines.filter(({ kind }) => ["put", "get", "cas"].includes(kind))).toHaveLength(summary.count);
    expect(lines.at(-1)).toMatchObject({ kind: "watch-close", ok: true });
  });

  it("finds out that a key was deleted behind its back, and what a history leaves out", async () => {
    const prefix = "/tampered/";
    await start("victim", prefix, "-seconds", "2", "-ops", "mixed").ended;
    const dump = path.join(dir, "dump");
    await run([workload, "dump", "-endpoints", cluster.endpoints, "-prefix", prefix, "-out", dump]);
    expect((await check("-final", dump, history("victim"))).ok).toBe(true);

    const lines = readFileSync(history("victim"), "utf8").trim().split("\n");
    const dropped = lines.findIndex((line) => line.includes('"kind":"watch-event"'));
    writeFileSync(history("dropped"), [...lines.slice(0, dropped), ...lines.slice(dropped + 1), ""].join("\n"));
    const missing = await check("-final", dump, history("dropped"));
    expect(missing.ok).toBe(false);
    expect(sentencesOf(missing, "watches")).toMatch(
      /^watch of victim: revision \d+ is missing \(\/tampered\/.*acknowledged/,
    );

    await cluster.etcdctl("del", `${prefix}victim/0`);
    const lost = await check("-endpoints", cluster.endpoints, "-prefix", prefix, history("victim"));
    expect(lost.ok).toBe(false);
    expect(sentencesOf(lost, "final state")).toMatch(
      /^lost: put of \/tampered\/victim\/0 by victim at .* and the key is not there/,
    );
  });

  it.each([
    [["run", "-endpoints", ""], "-endpoints: none given"],
    [["run", "-endpoints", "http://127.0.0.1:1", "-name", "a/b", "-out", "x"], '-name: given "a/b"'],
    [["run", "-endpoints", "http://127.0.0.1:1", "-name", "a", "-mode", "eager"], '-mode: given "eager"'],
    [["run", "-endpoints", "http://127.0.0.1:1", "-name", "a"], "-out: expected a file"],
    [["check"], 'expected the files that "workload run -out" wrote'],
    [["check", "/dev/null"], "not one operation"],
  ])("%j is refused", async (args, sentence) => {
    await expect(run([workload, ...args])).rejects.toThrow(sentence);
  });
});
