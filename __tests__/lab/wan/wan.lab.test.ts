/** @independent */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { attempt, run } from "../../../lab/tools/command";
import { buildWan } from "../../../lab/wan/build";
import { WanClient, type Attachment, type PairSettings, type WanEndpointStats } from "../../../lab/wan/client";
import { recordOf, waitUntil } from "../../../lab/wan/process-record";

interface ProbeAnswer {
  readonly sent: number;
  readonly received: number;
  readonly reordered: number;
  readonly minMs: number;
  readonly medianMs: number;
}

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
    binary: () => buildWan(),
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

  const probe = async (name: string, ip: string, count = 60, every = "5ms"): Promise<ProbeAnswer> => {
    const options = ["-to", `${ip}:7`, "-count", String(count), "-every", every, "-patience", "500ms"];
    return JSON.parse(await run(inside(name, [program, "probe", ...options]))) as ProbeAnswer;
  };

  const connects = async (name: string, ip: string, port: number): Promise<boolean> => {
    const result = await attempt(inside(name, ["timeout", "1", "bash", "-c", `exec 3<>/dev/tcp/${ip}/${port}`]));
    return result.status === 0;
  };

  const statsOf = async (id: string): Promise<WanEndpointStats> => {
    const found = (await wan.stats()).endpoints.find((candidate) => candidate.id === id);
    if (!found) {
      throw new Error(`${id} is not attached`);
    }
    return found;
  };

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
    await serve("op", "198.18.0.2");
  }, 120_000);

  afterAll(async () => {
    for (const child of children) {
      child.kill("SIGKILL");
    }
    await wan.stop();
    for (const name of NAMESPACES) {
      await attempt(["ip", "netns", "del", name]);
    }
    rmSync(stateDir, { recursive: true, force: true });
  }, 30_000);

  afterEach(async () => {
    await wan.heal();
  });

  it("has the round-trip times that it was told", async () => {
    const across = await probe("lon", "198.18.2.10");
    expect(across.received).toBe(across.sent);
    expect(across.minMs).toBeGreaterThan(77.5);
    expect(across.medianMs).toBeLessThan(85);
    const near = await probe("op", "198.18.1.10");
    expect(near.minMs).toBeGreaterThan(1.5);
    expect(near.medianMs).toBeLessThan(10);
  });

  it("has the mirror near everybody, though it is where the operator is", async () => {
    const answer = await probe("nyc", "198.18.0.2");
    expect(answer.minMs).toBeGreaterThan(0.5);
    expect(answer.medianMs).toBeLessThan(10);
  });

  it("takes a new round-trip time at once, and the old one back", async () => {
    await wan.link({ a: "nyc3", b: "lon1", rttMs: 20 });
    expect((await probe("lon", "198.18.2.10")).medianMs).toBeLessThan(40);
    await wan.heal("lon1", "nyc3");
    expect((await probe("lon", "198.18.2.10")).minMs).toBeGreaterThan(77.5);
  });

  it("loses about as many packets as it was told", async () => {
    await wan.link({ a: "lon1", b: "nyc3", rttMs: 10, loss: 20 });
    const answer = await probe("lon", "198.18.2.10", 1500, "1ms");
    const lost = (1 - answer.received / answer.sent) * 100;
    // Lost on the way there or back: 1 - 0.8 x 0.8 = 36 %; 10 is about eight standard deviations.
    expect(lost).toBeGreaterThan(26);
    expect(lost).toBeLessThan(46);
  });

  it("jitters without reordering", async () => {
    await wan.link({ a: "lon1", b: "nyc3", jitterMs: 20 });
    const answer = await probe("lon", "198.18.2.10", 600, "2ms");
    expect(answer.received).toBe(answer.sent);
    expect(answer.reordered).toBe(0);
    expect(answer.minMs).toBeGreaterThan(77.5);
    expect(answer.medianMs).toBeGreaterThan(82);
    expect(answer.medianMs).toBeLessThan(130);
  });

  it("cuts one pair of locations and no other", async () => {
    await wan.link({ a: "lon1", b: "nyc3", down: true });
    expect((await probe("lon", "198.18.2.10", 10)).received).toBe(0);
    expect((await probe("op", "198.18.1.10", 10)).received).toBe(10);
    await wan.link({ a: "lon1", b: "nyc3", down: false });
    expect((await probe("lon", "198.18.2.10", 10)).received).toBe(10);
  });

  it("cuts a location off from everybody", async () => {
    await wan.cutOff("nyc3");
    expect((await probe("lon", "198.18.2.10", 10)).received).toBe(0);
    expect((await probe("op", "198.18.2.10", 10)).received).toBe(0);
    expect((await probe("nyc", "198.18.2.11", 10)).received).toBe(10);
    await wan.heal("nyc3");
    expect((await probe("op", "198.18.2.10", 10)).received).toBe(10);
  });

  it("lets one machine vanish while its neighbour stays", async () => {
    await wan.isolate("nyc");
    expect((await probe("lon", "198.18.2.10", 10)).received).toBe(0);
    expect((await probe("lon", "198.18.2.11", 10)).received).toBe(10);
    expect((await wan.list()).isolated).toEqual(["nyc"]);
    await wan.isolate("nyc", false);
    expect((await probe("lon", "198.18.2.10", 10)).received).toBe(10);
  });

  it("keeps a private network to its members", async () => {
    expect((await probe("nyc", "10.20.0.11", 10)).received).toBe(10);
    const before = await statsOf("lon");
    expect((await probe("lon", "10.20.0.11", 10)).received).toBe(0);
    expect((await statsOf("lon")).dropped.privateNetwork).toBeGreaterThan(before.dropped.privateNetwork);
  });

  it("drops what pretends to come from somebody else", async () => {
    await run(["ip", "-n", `${PREFIX}-lon`, "address", "add", "198.18.9.9/32", "dev", "lo"]);
    const before = await statsOf("lon");
    await attempt(inside("lon", ["timeout", "1", "bash", "-c", "exec 3<>/dev/udp/198.18.2.10/7; echo x >&3"]));
    const honest = await statsOf("lon");
    expect(honest.dropped.foreignSource).toBe(before.dropped.foreignSource);
    await run(["ip", "-n", `${PREFIX}-lon`, "route", "add", "198.18.2.11/32", "dev", "wan0", "src", "198.18.9.9"]);
    await attempt(inside("lon", ["bash", "-c", "exec 3<>/dev/udp/198.18.2.11/7; echo x >&3"]));
    await run(["ip", "-n", `${PREFIX}-lon`, "route", "del", "198.18.2.11/32"]);
    expect((await statsOf("lon")).dropped.foreignSource).toBeGreaterThan(before.dropped.foreignSource);
  });

  it("lets machines open connections to the mirror's port, and to nothing else of this machine", async () => {
    const listener = [
      "node",
      "-e",
      'for (const port of [80, 81]) require("net").createServer().listen(port, "0.0.0.0", () => console.log("up"))',
    ];
    const [command = "", ...args] = inside("op", listener);
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
    children.push(child);
    await once(child.stdout, "data");
    expect(await connects("lon", "198.18.0.2", 80)).toBe(true);
    expect(await connects("lon", "198.18.0.2", 81)).toBe(false);
    expect(await connects("lon", "198.18.0.1", 80)).toBe(false);
    expect((await statsOf("lon")).dropped.refusedPort).toBeGreaterThan(0);
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
    expect((await probe("lon", "198.18.2.10", 10)).received).toBe(10);
  });

  it("does not mind being told the same again", async () => {
    const before = await statsOf("lon");
    for (const attachment of Object.values(ENDPOINTS)) {
      await wan.attach(attachment);
    }
    await Promise.all([wan.start(), wan.start()]);
    const after = await statsOf("lon");
    expect(after.in).toBeGreaterThanOrEqual(before.in);
    expect((await probe("lon", "198.18.2.10", 10)).received).toBe(10);
  });

  it("comes back with everything after it was killed", async () => {
    await wan.isolate("nyc2");
    await wan.link({ a: "lon1", b: "nyc3", rttMs: 30 });
    const stop = wan.watch();
    const { pid } = await wan.hello();
    // The watcher must have its connection before there is something to see.
    await new Promise((resolve) => setTimeout(resolve, 200));
    process.kill(pid, "SIGKILL");
    const isBack = async (): Promise<boolean> => {
      const hello = await wan.hello().catch(() => undefined);
      return hello !== undefined && hello.pid !== pid && (await wan.list()).endpoints.length === 4;
    };
    expect(await waitUntil(isBack, 10_000)).toBe(true);
    stop();
    await wan.start();
    const answer = await probe("lon", "198.18.2.10", 20);
    expect(answer.received).toBe(20);
    expect(answer.medianMs).toBeLessThan(60);
    expect((await wan.list()).isolated).toEqual(["nyc2"]);
    await wan.isolate("nyc2", false);
  }, 30_000);

  it("notices that a namespace was made anew under the same name", async () => {
    await run(["ip", "netns", "del", `${PREFIX}-nyc2`]);
    // Processes keep a namespace alive beyond its name; it is replaced in either case.
    await run(["ip", "netns", "add", `${PREFIX}-nyc2`]);
    await run(["ip", "-n", `${PREFIX}-nyc2`, "link", "set", "lo", "up"]);
    await wan.attach(ENDPOINTS.nyc2);
    await serve("nyc2", "198.18.2.11");
    expect((await probe("lon", "198.18.2.11", 10)).received).toBe(10);
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
    expect((await probe("lon", "198.18.2.10", 10)).received).toBe(10);
  });

  it("leads the lab's addresses nowhere, not out of this machine, while it is away", async () => {
    const route = await run(inside("op", ["ip", "route", "show", "type", "blackhole"]));
    expect(route).toContain("198.18.0.0/15");
  });
});
