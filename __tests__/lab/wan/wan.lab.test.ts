/** @independent */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LAB_GO_TESTS } from "../../../lab/go-tested";
import { attempt, run } from "../../../lab/tools/command";
import { buildWan } from "../../../lab/wan/build";
import { WanClient } from "../../../lab/wan/client";
import type { Attachment, PairSettings, WanEndpointStats, WanLinkStats } from "../../../lab/wan/protocol";
import { recordOf } from "../../../lab/tools/process-record";
import { waitUntil } from "../../../lab/tools/wait";
import { passGoTests } from "../go-tests";

interface ProbeAnswer {
  readonly sent: number;
  readonly received: number;
  readonly reordered: number;
  readonly minMs: number;
  readonly medianMs: number;
  readonly maxMs: number;
}

// No assertion here is about how fast this machine is: these are for what never ends.
const PATIENCE_MS = 30_000;
jest.setTimeout(600_000);

/** The most that the switch takes off a round trip to make up for what it and the kernel add: see "accept" in forward.go. */
const MADE_UP_MS = 1.1;

const PREFIX = `wantest-${process.pid}`;
const NAMESPACES = ["op", "lon", "nyc", "nyc2"].map((name) => `${PREFIX}-${name}`);

const MATRIX: PairSettings[] = [
  { a: "lon1", b: "lon1", rttMs: 0.5 },
  { a: "nyc3", b: "nyc3", rttMs: 0.5 },
  { a: "lon1", b: "nyc3", rttMs: 78 },
  { a: "operator", b: "lon1", rttMs: 2 },
  { a: "operator", b: "nyc3", rttMs: 78 },
  { a: "operator", b: "mirror", rttMs: 1 },
  { a: "mirror", b: "lon1", rttMs: 1 },
  { a: "mirror", b: "nyc3", rttMs: 1 },
];

const ENDPOINTS: Record<string, Attachment> = {
  lon: endpoint("lon", "lon1", "198.18.1.10"),
  nyc: endpoint("nyc", "nyc3", "198.18.2.10", "10.20.0.10"),
  nyc2: endpoint("nyc2", "nyc3", "198.18.2.11", "10.20.0.11"),
};

function endpoint(name: string, location: string, ip: string, inside?: string): Attachment {
  return {
    id: name,
    netns: `/run/netns/${PREFIX}-${name}`,
    device: "wan0",
    location,
    addresses: [{ ip }, ...(inside ? [{ ip: inside, privatePrefix: 16 }] : [])],
    assigned: [`${ip}/32`, ...(inside ? [`${inside}/16`] : [])],
    routes: ["0.0.0.0/0"],
  };
}

describe("the WAN", () => {
  const stateDir = mkdtempSync(join(tmpdir(), "wantest-"));
  const children: ChildProcess[] = [];
  const wan = new WanClient({
    stateDir,
    matrix: MATRIX,
    operatorNamespace: `/run/netns/${PREFIX}-op`,
    mirrorPorts: [80],
  });
  let program = "";

  const inside = (name: string, argv: string[]): string[] => ["nsenter", `--net=/run/netns/${PREFIX}-${name}`, ...argv];

  const serve = async (name: string, ip: string): Promise<void> => {
    const [command = "", ...args] = inside(name, [program, "echo", "-listen", `${ip}:7`]);
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
    children.push(child);
    await once(child.stdout, "data");
  };

  const probe = async (
    name: string,
    ip: string,
    { count = 60, every = "5ms", patience = `${PATIENCE_MS}ms` } = {},
  ): Promise<ProbeAnswer> => {
    const options = ["-to", `${ip}:7`, "-count", String(count), "-every", every, "-patience", patience];
    return JSON.parse(await run(inside(name, [program, "probe", ...options]))) as ProbeAnswer;
  };

  /**
   * Probes several ways at once, and says how much this machine added to a round trip meanwhile, at most: as much as it took over loopback,
   * where the switch is not between, and as the switch was late there and back.
   */
  const measure = async (...ways: (() => Promise<ProbeAnswer>)[]): Promise<[number, ...ProbeAnswer[]]> => {
    await wan.stats();
    const [loopback, ...answers] = await Promise.all([probe("nyc", "198.18.2.10"), ...ways.map((way) => way())]);
    const { worstLateMs } = await wan.stats();
    return [loopback.maxMs + 2 * worstLateMs, ...answers];
  };

  const expectRoundTrip = (answer: ProbeAnswer, rttMs: number, addedMs: number): void => {
    expect(answer.received).toBe(answer.sent);
    expect(answer.minMs).toBeGreaterThan(rttMs - MADE_UP_MS);
    expect(answer.medianMs).toBeLessThan(1.1 * rttMs + addedMs);
  };

  const expectAllToArrive = async (name: string, ip: string): Promise<void> => {
    expect((await probe(name, ip, { count: 10 })).received).toBe(10);
  };

  /** The switch must say of each packet that it dropped it: an answer that is only slow would look the same. */
  const expectAllToBeDropped = async (name: string, ip: string, dropped: () => Promise<number>): Promise<void> => {
    const before = await dropped();
    const { received } = await probe(name, ip, { count: 10, patience: "100ms" });
    expect(received).toBe(0);
    await waitUntil(async () => (await dropped()) >= before + 10, PATIENCE_MS);
    expect(await dropped()).toBe(before + 10);
  };

  const connect = (name: string, ip: string, port: number): ChildProcess => {
    const [command = "", ...args] = inside(name, ["bash", "-c", `exec 3<>/dev/tcp/${ip}/${port}`]);
    const child = spawn(command, args, { stdio: "ignore" });
    children.push(child);
    return child;
  };

  const statsOf = async (id: string): Promise<WanEndpointStats> => {
    const found = (await wan.stats()).endpoints.find((candidate) => candidate.id === id);
    if (!found) {
      throw new Error(`${id} is not attached`);
    }
    return found;
  };

  const linkOf = async (from: string, to: string): Promise<Pick<WanLinkStats, "packets" | "lost" | "cut">> => {
    const found = (await wan.stats()).links.find((link) => link.from === from && link.to === to);
    return found ?? { packets: 0, lost: 0, cut: 0 };
  };
  const cut = (from: string, to: string) => async (): Promise<number> => (await linkOf(from, to)).cut;

  beforeAll(async () => {
    program = (await buildWan()).path;
    for (const name of NAMESPACES) {
      await run(["ip", "netns", "add", name]);
      await run(["ip", "-n", name, "link", "set", "lo", "up"]);
    }
    await wan.start();
    for (const attachment of Object.values(ENDPOINTS)) {
      await wan.attach(attachment);
    }
    await serve("nyc", "198.18.2.10");
    await serve("nyc2", "198.18.2.11");
    await serve("nyc2", "10.20.0.11");
    await serve("lon", "198.18.1.10");
    await serve("op", "198.18.0.1");
    await serve("op", "198.18.0.2");
  });

  afterAll(async () => {
    for (const child of children) {
      child.kill("SIGKILL");
    }
    await wan.stop();
    for (const name of NAMESPACES) {
      await attempt(["ip", "netns", "del", name]);
    }
    rmSync(stateDir, { recursive: true, force: true });
  });

  afterEach(async () => {
    await wan.heal();
  });

  it("passes its switch's own tests", async () => {
    await passGoTests(LAB_GO_TESTS.wan);
  });

  it("has the round-trip times that it was told", async () => {
    const [addedMs, across, near] = await measure(
      () => probe("lon", "198.18.2.10"),
      () => probe("op", "198.18.1.10"),
    );
    expectRoundTrip(across, 78, addedMs);
    expectRoundTrip(near, 2, addedMs);
  });

  it("has the mirror near everybody, though it is where the operator is", async () => {
    const [addedMs, mirror, operator] = await measure(
      () => probe("nyc", "198.18.0.2"),
      () => probe("nyc", "198.18.0.1"),
    );
    expectRoundTrip(mirror, 1, addedMs);
    expectRoundTrip(operator, 78, addedMs);
  });

  it("takes a new round-trip time at once, and the old one back", async () => {
    const measureBoth = () =>
      measure(
        () => probe("lon", "198.18.2.10"),
        () => probe("op", "198.18.2.10"),
      );
    await wan.link({ a: "nyc3", b: "lon1", rttMs: 20 });
    const [addedMs, changed, other] = await measureBoth();
    expectRoundTrip(changed, 20, addedMs);
    expectRoundTrip(other, 78, addedMs);
    await wan.heal("lon1", "nyc3");
    const [addedThenMs, healed] = await measureBoth();
    expectRoundTrip(healed, 78, addedThenMs);
  });

  it("loses about as many packets as it was told", async () => {
    await wan.link({ a: "lon1", b: "nyc3", rttMs: 10, loss: 20 });
    const both = async () => [await linkOf("lon1", "nyc3"), await linkOf("nyc3", "lon1")];
    const before = await both();
    const since = async () =>
      (await both()).map(({ packets, lost }, i) => ({
        packets: packets - before[i].packets,
        lost: lost - before[i].lost,
      }));
    // A TUN device queues 500 packets: at this pace the switch may be kept waiting for the processor for half a second.
    const { received } = await probe("lon", "198.18.2.10", { count: 1500, every: "1ms", patience: "100ms" });
    const allAnswered = async (): Promise<boolean> => {
      const [there, back] = await since();
      return back.packets === there.packets - there.lost;
    };
    expect(await waitUntil(allAnswered, PATIENCE_MS)).toBe(true);
    const [there, back] = await since();
    expect(there.packets).toBe(1500);
    // 10 % to either side are about eight standard deviations.
    for (const { packets, lost } of [there, back]) {
      expect(lost / packets).toBeGreaterThan(0.1);
      expect(lost / packets).toBeLessThan(0.3);
    }
    expect(received).toBeLessThanOrEqual(back.packets - back.lost);
  });

  it("jitters without reordering", async () => {
    await wan.link({ a: "lon1", b: "nyc3", jitterMs: 20 });
    const [addedMs, answer] = await measure(() => probe("lon", "198.18.2.10", { count: 600, every: "2ms" }));
    expect(answer.received).toBe(answer.sent);
    expect(answer.reordered).toBe(0);
    expect(answer.minMs).toBeGreaterThan(78 - MADE_UP_MS);
    // The median of what two ways of 10 ms each in the mean add is 16.8 ms.
    expect(answer.medianMs).toBeGreaterThan(82);
    expect(answer.medianMs).toBeLessThan(130 + addedMs);
  });

  it("cuts one pair of locations and no other", async () => {
    await wan.link({ a: "lon1", b: "nyc3", down: true });
    await expectAllToBeDropped("lon", "198.18.2.10", cut("lon1", "nyc3"));
    await expectAllToArrive("op", "198.18.1.10");
    await wan.link({ a: "lon1", b: "nyc3", down: false });
    await expectAllToArrive("lon", "198.18.2.10");
  });

  it("cuts a location off from everybody", async () => {
    await wan.cutOff("nyc3");
    await expectAllToBeDropped("lon", "198.18.2.10", cut("lon1", "nyc3"));
    await expectAllToBeDropped("op", "198.18.2.10", cut("operator", "nyc3"));
    await expectAllToArrive("nyc", "198.18.2.11");
    await wan.heal("nyc3");
    await expectAllToArrive("op", "198.18.2.10");
  });

  it("lets one machine vanish while its neighbour stays", async () => {
    await wan.isolate("nyc");
    await expectAllToBeDropped("lon", "198.18.2.10", async () => (await statsOf("nyc")).dropped.isolated);
    await expectAllToArrive("lon", "198.18.2.11");
    expect((await wan.list()).isolated).toEqual(["nyc"]);
    await wan.isolate("nyc", false);
    await expectAllToArrive("lon", "198.18.2.10");
  });

  it("keeps a private network to its members", async () => {
    await expectAllToArrive("nyc", "10.20.0.11");
    await expectAllToBeDropped("lon", "10.20.0.11", async () => (await statsOf("lon")).dropped.privateNetwork);
  });

  it("drops what pretends to come from somebody else", async () => {
    const send = (ip: string) => run(inside("lon", ["bash", "-c", `exec 3<>/dev/udp/${ip}/7; echo x >&3`]));
    const before = await statsOf("lon");
    await run(["ip", "-n", `${PREFIX}-lon`, "address", "add", "198.18.9.9/32", "dev", "lo"]);
    await send("198.18.2.10");
    expect(await waitUntil(async () => (await statsOf("lon")).in > before.in, PATIENCE_MS)).toBe(true);
    expect((await statsOf("lon")).dropped.foreignSource).toBe(before.dropped.foreignSource);
    await run(["ip", "-n", `${PREFIX}-lon`, "route", "add", "198.18.2.11/32", "dev", "wan0", "src", "198.18.9.9"]);
    await send("198.18.2.11");
    await run(["ip", "-n", `${PREFIX}-lon`, "route", "del", "198.18.2.11/32"]);
    const isDropped = async () => (await statsOf("lon")).dropped.foreignSource > before.dropped.foreignSource;
    expect(await waitUntil(isDropped, PATIENCE_MS)).toBe(true);
  });

  it("lets machines open connections to the mirror's port, and to nothing else of this machine", async () => {
    const listener = [
      "node",
      "-e",
      `const servers = [80, 81].map((port) => require("net").createServer().listen(port, "0.0.0.0"));
       Promise.all(servers.map((server) => require("events").once(server, "listening"))).then(() => console.log("up"))`,
    ];
    const [command = "", ...args] = inside("op", listener);
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
    children.push(child);
    await once(child.stdout, "data");
    expect(await once(connect("lon", "198.18.0.2", 80), "exit")).toEqual([0, null]);
    for (const [ip, port] of [
      ["198.18.0.2", 81],
      ["198.18.0.1", 80],
    ] as const) {
      const { refusedPort } = (await statsOf("lon")).dropped;
      const client = connect("lon", ip, port);
      const refused = async (): Promise<boolean> => (await statsOf("lon")).dropped.refusedPort > refusedPort;
      expect(await waitUntil(async () => client.exitCode !== null || (await refused()), PATIENCE_MS)).toBe(true);
      expect(client.exitCode).toBe(null);
      client.kill("SIGKILL");
    }
  });

  it("says clearly what it cannot do", async () => {
    await expect(wan.link({ a: "lon1", b: "mars1", rttMs: 1 })).rejects.toThrow(
      /"mars1" is not in the matrix; known: lon1, /,
    );
    await expect(wan.link({ a: "lon1", b: "nyc3", loss: 101 })).rejects.toThrow("must lie between 0 and 100");
    await expect(wan.isolate("nobody")).rejects.toThrow('"nobody" is not attached');
    const thief = { ...endpoint("lon", "lon1", "198.18.2.10"), id: "thief" };
    await expect(wan.attach(thief)).rejects.toThrow("device wan0 already exists and belongs to someone else");
    await expect(wan.attach({ ...thief, device: "wan1", routes: [] })).rejects.toThrow(
      '198.18.2.10 is already the address of "nyc"',
    );
    await expect(wan.attach(endpoint("nowhere", "lon1", "198.18.1.99"))).rejects.toThrow("no network namespace");
    await expect(wan.setMatrix(MATRIX.slice(1, 3))).rejects.toThrow(
      /location "(operator|mirror)" is in use but not in the new matrix/,
    );
    await expectAllToArrive("lon", "198.18.2.10");
  });

  it("does not mind being told the same again", async () => {
    const before = await statsOf("lon");
    for (const attachment of Object.values(ENDPOINTS)) {
      await wan.attach(attachment);
    }
    await Promise.all([wan.start(), wan.start()]);
    const after = await statsOf("lon");
    expect(after.in).toBeGreaterThanOrEqual(before.in);
    await expectAllToArrive("lon", "198.18.2.10");
  });

  it("comes back with everything after it was killed", async () => {
    await wan.isolate("nyc2");
    await wan.link({ a: "lon1", b: "nyc3", rttMs: 30 });
    const stop = wan.watch();
    // The watcher has connected before this has.
    const { pid } = await wan.hello();
    process.kill(pid, "SIGKILL");
    const isBack = async (): Promise<boolean> => {
      const hello = await wan.hello().catch(() => undefined);
      return hello !== undefined && hello.pid !== pid && (await wan.list()).endpoints.length === 4;
    };
    expect(await waitUntil(isBack, PATIENCE_MS)).toBe(true);
    stop();
    await wan.start();
    const [addedMs, changed] = await measure(() => probe("lon", "198.18.2.10"));
    expectRoundTrip(changed, 30, addedMs);
    expect((await wan.list()).isolated).toEqual(["nyc2"]);
    await wan.isolate("nyc2", false);
  });

  it("notices that a namespace was made anew under the same name", async () => {
    await run(["ip", "netns", "del", `${PREFIX}-nyc2`]);
    // Processes keep a namespace alive beyond its name; it is replaced in either case.
    await run(["ip", "netns", "add", `${PREFIX}-nyc2`]);
    await run(["ip", "-n", `${PREFIX}-nyc2`, "link", "set", "lo", "up"]);
    await wan.attach(ENDPOINTS.nyc2);
    await serve("nyc2", "198.18.2.11");
    await expectAllToArrive("lon", "198.18.2.11");
  });

  it("is found and replaced also when its directory was removed under it", async () => {
    const { pid } = await wan.hello();
    for (const name of readdirSync(stateDir)) {
      rmSync(join(stateDir, name), { recursive: true });
    }
    expect((await wan.start()).pid).not.toBe(pid);
    expect(recordOf(pid)).toBeUndefined();
    await wan.attach(ENDPOINTS.lon);
    await wan.attach(ENDPOINTS.nyc);
    await expectAllToArrive("lon", "198.18.2.10");
  });

  it("leads the lab's addresses nowhere, not out of this machine, while it is away", async () => {
    const route = await run(inside("op", ["ip", "route", "show", "type", "blackhole"]));
    expect(route).toContain("198.18.0.0/15");
  });
});
