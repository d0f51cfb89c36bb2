/** @independent */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findKeepers } from "../../../lab/machines/container";
import type { ResolvedFirewall } from "../../../lab/machines/machine-driver";
import type { CloudMachine } from "../../../lab/machines/metadata-service";
import { MachineError, NspawnMachineDriver } from "../../../lab/machines/nspawn-machine-driver";
import { endChild } from "../../../lab/tools/child";
import { attempt, run, type CommandResult } from "../../../lab/tools/command";
import { ensureImage } from "../../../lab/machines/image";
import { WanClient } from "../../../lab/wan/client";
import type { PairSettings } from "../../../lab/wan/protocol";
import { processesWith, signal } from "../../../lab/tools/process-record";
import { waitUntil } from "../../../lab/tools/wait";

const PREFIX = `drvtest${process.pid}`;
const OPERATOR = `${PREFIX}-operator`;

const MATRIX: PairSettings[] = [
  { a: "lon1", b: "lon1", rttMs: 0.5 },
  { a: "operator", b: "lon1", rttMs: 2 },
  { a: "operator", b: "mirror", rttMs: 1 },
  { a: "mirror", b: "lon1", rttMs: 1 },
];

const OPEN: ResolvedFirewall = {
  inbound: [{ protocol: "tcp", ports: { from: 22, to: 22 }, addresses: ["198.18.0.1/32"] }],
  outbound: [{ protocol: "icmp", addresses: ["0.0.0.0/0"] }],
};
const SHUT: ResolvedFirewall = { inbound: [], outbound: [] };

/** For what never ends; nothing here is about how fast this machine is. */
const PATIENCE_MS = 120_000;
jest.setTimeout(10 * 60_000);

/** How long something is tried that must not get through: what does takes milliseconds. */
const IN_VAIN_S = 0.5;

function remains(): string[] {
  const mounts = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .filter((line) => line.includes(`${PREFIX}-`) && !line.includes(OPERATOR));
  const namespaces = readdirSync("/run/netns").filter((name) => name.startsWith(PREFIX) && name !== OPERATOR);
  const processes = readdirSync("/proc").filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(`--machine=${PREFIX}-`);
    } catch {
      return false;
    }
  });
  const groups = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/systemd", "/sys/fs/cgroup/memory"]
    .map((mount) => join(mount, PREFIX))
    .filter((path) => existsSync(path));
  return [...mounts, ...namespaces, ...processes, ...groups];
}

describe("machines", () => {
  const stateDir = mkdtempSync(join(tmpdir(), `${PREFIX}-`));
  const key = join(stateDir, "key");
  const log: string[] = [];
  const children: ChildProcess[] = [];
  let image = "";
  let spec: CloudMachine;
  let neighbour: CloudMachine;
  let wan: WanClient;
  let driver: NspawnMachineDriver;

  const newDriver = (): NspawnMachineDriver =>
    new NspawnMachineDriver({
      stateDir,
      imageFor: () => Promise.resolve(image),
      wan,
      prefix: PREFIX,
      log: (line) => log.push(line),
    });

  const operator = (argv: string[]): string[] => ["nsenter", `--net=/run/netns/${OPERATOR}`, ...argv];

  /** @param connectSeconds how long it may take to get through */
  const ssh = (command: string, host = spec.publicIpv4, connectSeconds = 20): Promise<CommandResult> =>
    attempt(operator(sshCommand(command, host, connectSeconds)), { timeoutMs: PATIENCE_MS });

  const sshCommand = (command: string, host: string, connectSeconds: number): string[] => {
    const options = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR"];
    options.push(`ConnectTimeout=${connectSeconds}`);
    return ["ssh", "-i", key, ...options.flatMap((option) => ["-o", option]), `root@${host}`, command];
  };

  /** Asks until the answer is as wanted. What is sent to a machine that boots is lost, so that nobody should wait for long; a slow one needs that. */
  const eventuallySays = (
    wanted: (answer: CommandResult) => boolean,
    command = "true",
    host?: string,
  ): Promise<boolean> => {
    let connectSeconds = 0;
    const asWanted = async (): Promise<boolean> => wanted(await ssh(command, host, ++connectSeconds));
    return waitUntil(asWanted, PATIENCE_MS, 100);
  };

  const loggedIn = (host?: string): Promise<boolean> => eventuallySays(({ status }) => status === 0, "true", host);

  /** Begins something where the operator is. */
  const begin = (argv: string[]): { readonly child: ChildProcess; readonly said: () => string } => {
    const [command = "", ...args] = operator(argv);
    const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
    children.push(child);
    let said = "";
    child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
    return { child, said: () => said };
  };

  beforeAll(async () => {
    image = process.env.ETCD_LAB_TEST_IMAGE ?? (await ensureImage("debian-13-x64")).rootfs;
    await run(["ip", "netns", "add", OPERATOR]);
    await run(["ip", "-n", OPERATOR, "link", "set", "lo", "up"]);
    await run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key]);
    wan = new WanClient({
      stateDir: join(stateDir, "wan"),
      matrix: MATRIX,
      operatorNamespace: `/run/netns/${OPERATOR}`,
    });
    await wan.start();
    driver = newDriver();
    const common = {
      region: "lon1",
      image: "debian-13-x64",
      vcpus: 1,
      memoryMiB: 512,
      privatePrefix: 20,
      sshKeys: [readFileSync(`${key}.pub`, "utf8")],
    };
    spec = {
      ...common,
      id: 1,
      name: "etcd-lon1",
      publicIpv4: "198.18.1.11",
      privateIpv4: "10.106.0.2",
      userData: [
        "#cloud-config",
        "write_files:",
        "  - path: /etc/from-user-data",
        "    content: |",
        "      hello",
        "",
      ].join("\n"),
      sshNotReadySeconds: 3600,
    };
    neighbour = { ...common, id: 2, name: "neighbour", publicIpv4: "198.18.1.12", privateIpv4: "10.106.0.3" };
  });

  afterAll(async () => {
    for (const child of children) child.kill("SIGKILL");
    await driver.destroyAll();
    await wan.stop();
    await attempt(["ip", "netns", "del", OPERATOR]);
    rmSync(stateDir, { recursive: true, force: true });
  });

  it("boot, once, however often they are created", async () => {
    expect(await driver.state(spec.id)).toBe("absent");
    await Promise.all([driver.create(spec), newDriver().create(spec), driver.create(spec), driver.create(neighbour)]);
    expect(await driver.state(spec.id)).toBe("running");
    await expect(driver.create({ ...spec, name: "another" })).rejects.toThrow(
      new MachineError("other-machine", spec.id, "there is one of this id already, with another specification"),
    );
    expect(driver.list().map(({ name }) => name)).toEqual(["etcd-lon1", "neighbour"]);
  });

  it("are not ready for SSH at first, and then are, with what cloud-init made of them", async () => {
    const isNotReady = ({ stdout }: CommandResult): boolean =>
      stdout === "Please wait while we get your droplet ready...\n";
    expect(await eventuallySays(isNotReady)).toBe(true);
    const exec = async (...argv: string[]): Promise<string> => (await driver.exec(spec.id, argv)).stdout;
    expect(await exec("systemctl", "show", "--property=TimersMonotonic", "droplet-ready.timer")).toContain(
      "OnStartupUSec=1h ;",
    );
    // As if the hour had passed.
    const dropIn = "/run/systemd/system/droplet-ready.timer.d";
    await exec(
      "sh",
      "-c",
      `mkdir ${dropIn} && printf '[Timer]\\nOnStartupSec=\\nOnStartupSec=1s\\n' > ${dropIn}/soon.conf &&
        systemctl daemon-reload && systemctl restart droplet-ready.timer`,
    );
    const isMade = ({ stdout }: CommandResult): boolean => stdout === "hello\netcd-lon1\n";
    expect(await eventuallySays(isMade, "cat /etc/from-user-data; hostname")).toBe(true);
    expect(await exec("cat", "/etc/ssh/sshd_config")).not.toContain("droplet");
  });

  it("are whole: no unit failed, cloud-init has nothing to complain about", async () => {
    const state = await driver.exec(spec.id, ["systemctl", "is-system-running", "--wait"], { timeoutMs: PATIENCE_MS });
    expect((await driver.exec(spec.id, ["systemctl", "--failed", "--no-legend", "--plain"])).stdout).toBe("");
    expect(state.stdout).toBe("running\n");
    const { stdout } = await driver.exec(spec.id, ["cloud-init", "status", "--long"]);
    expect(stdout).toContain("status: done");
    expect(stdout).toContain("DataSourceNoCloud");
    expect(stdout).toContain("errors: []");
  });

  it("have a metadata service that tells them who they are, and nobody else", async () => {
    const ask = (from: CloudMachine, path: string): Promise<CommandResult> =>
      driver.exec(from.id, ["curl", "-sf", "--max-time", "20", `http://169.254.169.254${path}`]);
    expect((await ask(spec, "/metadata/v1/user-data")).stdout).toBe(spec.userData);
    expect((await ask(spec, "/metadata/v1/hostname")).stdout).toBe("etcd-lon1");
    expect((await ask(neighbour, "/metadata/v1/hostname")).stdout).toBe("neighbour");
    expect((await ask(spec, "/metadata/v1/")).stdout.split("\n")).toEqual(
      expect.arrayContaining(["id", "interfaces/", "user-data"]),
    );
    expect((await ask(spec, "/metadata/v1/interfaces/private/0/ipv4/address")).stdout).toBe("10.106.0.2");
    expect(JSON.parse((await ask(spec, "/metadata/v1.json")).stdout)).toMatchObject({ droplet_id: 1, region: "lon1" });
    // curl's exit code for a refusal.
    for (const path of ["/metadata/v1/user-data", "/metadata/../machine.json", "/etc/passwd"]) {
      expect([path, (await ask(neighbour, path)).status]).toEqual([path, 22]);
    }
    const dots = ["curl", "-sf", "--path-as-is", "http://169.254.169.254/metadata/../../machine.json"];
    expect((await driver.exec(spec.id, dots)).status).toBe(22);
  });

  it("run commands from outside as root's own shell would", async () => {
    const { stdout, status } = await driver.exec(
      spec.id,
      ["sh", "-c", "cat; echo $HOME:$PWD:$PATH:$EXTRA:$LAB; exit 3"],
      {
        stdin: "given\n",
        env: { EXTRA: "more" },
      },
    );
    expect(stdout).toBe("given\n/root:/root:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:more:\n");
    expect(status).toBe(3);
  });

  it("reach each other by public and by private address, and nothing outside of the lab", async () => {
    for (const address of [neighbour.publicIpv4, neighbour.privateIpv4 ?? ""]) {
      const { stdout } = await driver.exec(spec.id, ["ping", "-c2", "-i0.2", "-W20", address]);
      expect(stdout).toContain("2 received");
    }
    const nowhere = async (): Promise<number | undefined> =>
      (await wan.stats()).endpoints.find(({ id }) => id === String(spec.id))?.dropped.unknownAddress;
    const before = await nowhere();
    const out = await driver.exec(spec.id, ["ping", "-c1", `-W${IN_VAIN_S}`, "192.0.2.1"]);
    expect(out.stdout).toContain("0 received");
    expect(await nowhere()).toBeGreaterThan(before ?? NaN);
  });

  it("keep each other's services apart", async () => {
    await driver.exec(spec.id, ["systemctl", "restart", "ssh.service"]);
    expect(await loggedIn(neighbour.publicIpv4)).toBe(true);
  });

  it("are shielded by the firewall, which leaves standing connections alone", async () => {
    const { child, said } = begin(sshCommand("echo there; read where; echo still $where", spec.publicIpv4, 20));
    expect(await waitUntil(() => said() === "there\n", PATIENCE_MS)).toBe(true);
    await driver.setFirewall(spec.id, SHUT);
    expect((await ssh("true", spec.publicIpv4, 1)).stderr).toContain("timed out");
    child.stdin?.end("here\n");
    expect(await waitUntil(() => said() === "there\nstill here\n", PATIENCE_MS)).toBe(true);

    await driver.setFirewall(spec.id, OPEN);
    expect((await ssh("true")).status).toBe(0);
    const ping = (from: CloudMachine, to: CloudMachine, seconds: number): Promise<CommandResult> =>
      driver.exec(from.id, ["ping", "-c1", `-W${seconds}`, to.publicIpv4]);
    expect((await ping(spec, neighbour, 20)).status).toBe(0);
    expect((await ping(neighbour, spec, IN_VAIN_S)).stdout).toContain("0 received");
    const outwards = (seconds: number): Promise<CommandResult> => {
      const connect = `exec 3<>/dev/tcp/${neighbour.publicIpv4}/22`;
      return driver.exec(spec.id, ["timeout", String(seconds), "bash", "-c", connect]);
    };
    expect((await outwards(IN_VAIN_S)).status).toBe(124);
    await driver.setFirewall(spec.id, undefined);
    expect((await outwards(20)).status).toBe(0);
  });

  it("cannot touch their firewall, not even as root", async () => {
    await driver.setFirewall(spec.id, SHUT);
    await driver.exec(spec.id, ["nft", "flush", "ruleset"]);
    expect((await ssh("true", spec.publicIpv4, 1)).stderr).toContain("timed out");
    await driver.setFirewall(spec.id, OPEN);
  });

  it("fall silent in a power cut and come back with their disk and firewall", async () => {
    await driver.exec(spec.id, ["sh", "-c", "echo kept > /root/kept; sync"]);
    // Watches from the machine's other end: a connection that a dying kernel would close with a reset or a FIN.
    const watcher = begin(["bash", "-c", `exec 3<>/dev/tcp/${spec.publicIpv4}/22; exec cat <&3`]);
    expect(await waitUntil(() => watcher.said().startsWith("SSH-"), PATIENCE_MS)).toBe(true);
    await driver.powerOff(spec.id);
    expect(await driver.state(spec.id)).toBe("stopped");
    await driver.powerOff(spec.id);

    const bootId = (await driver.exec(neighbour.id, ["cat", "/etc/machine-id"])).stdout;
    await driver.powerOn(spec.id);
    await driver.powerOn(spec.id);
    expect(await loggedIn()).toBe(true);
    expect((await ssh("cat /root/kept; cat /etc/from-user-data")).stdout).toBe("kept\nhello\n");
    expect((await ssh("cat /etc/machine-id")).stdout).not.toBe(bootId);
    const ping = ["ping", "-c1", `-W${IN_VAIN_S}`, spec.publicIpv4];
    expect((await driver.exec(neighbour.id, ping)).stdout).toContain("0 received");
    // It ends when the connection does.
    expect([watcher.child.exitCode, watcher.child.signalCode]).toEqual([null, null]);
  });

  it("shut down when asked, also right after power on", async () => {
    await driver.shutdown(spec.id);
    expect(await driver.state(spec.id)).toBe("stopped");
    await driver.powerOn(spec.id);
    await driver.shutdown(spec.id);
    expect(await driver.state(spec.id)).toBe("stopped");
    expect(log.filter((line) => line.includes("did not shut down"))).toEqual([]);
    await driver.powerOn(spec.id);
    expect(await loggedIn()).toBe(true);
  });

  it("reboot by themselves, whatever is run on them from outside, and fall silent when they power themselves off", async () => {
    const before = (await ssh("cat /proc/1/stat")).stdout;
    const running = driver.exec(spec.id, ["sleep", "600"]);
    await ssh("systemctl reboot");
    const hasRebooted = ({ stdout, status }: CommandResult): boolean => status === 0 && stdout !== before;
    expect(await eventuallySays(hasRebooted, "cat /proc/1/stat")).toBe(true);
    expect((await running).status).not.toBe(0);
    expect(await loggedIn()).toBe(true);
    await ssh("systemctl poweroff");
    expect(await waitUntil(async () => (await driver.state(spec.id)) === "stopped", PATIENCE_MS)).toBe(true);
    // Silence, not a refusal: ssh gives up by itself.
    expect((await ssh("true", spec.publicIpv4, 1)).stderr).toContain("timed out");
    await driver.powerOn(spec.id);
    expect(await loggedIn()).toBe(true);
  });

  it("outlive the switch", async () => {
    const { pid } = await wan.hello();
    process.kill(pid, "SIGKILL");
    expect(await waitUntil(async () => !(await wan.hello().catch(() => undefined)), PATIENCE_MS)).toBe(true);
    await wan.start();
    expect((await ssh("true")).status).toBe(0);
  });

  it("outlive their driver, and a new one knows them", async () => {
    const report = await newDriver().reconcile();
    expect(report).toEqual({ running: [1, 2], stopped: [], removed: [] });
    expect((await ssh("true")).status).toBe(0);
  });

  it("are never written into the image", () => {
    expect(existsSync(join(image, "var/lib/cloud/seed/nocloud/meta-data"))).toBe(false);
    expect(existsSync(join(image, "etc/from-user-data"))).toBe(false);
    expect(readFileSync(join(image, "etc/ssh/sshd_config"), "utf8")).not.toContain("droplet");
  });

  it("that were killed, half made or forgotten are put right", async () => {
    // Killed from outside, as by a host that runs out of memory.
    const processes = await attempt(["pgrep", "-f", "--", `--machine=${PREFIX}-1( |$)`]);
    for (const pid of processes.stdout.split("\n").filter((line) => line !== "")) {
      await attempt(["kill", "-9", pid]);
    }
    expect(await waitUntil(async () => (await driver.state(1)) === "stopped", PATIENCE_MS)).toBe(true);
    // Half made: the record says so.
    await driver.create({ ...spec, id: 3, publicIpv4: "198.18.1.13", privateIpv4: undefined });
    const record = join(stateDir, "machines", "3", "machine.json");
    const text = readFileSync(record, "utf8").replace('"phase": "made"', '"phase": "creating"');
    await run(["tee", record], { input: text });
    // Forgotten: running, without a record.
    await driver.create({ ...spec, id: 4, publicIpv4: "198.18.1.14", privateIpv4: undefined });
    rmSync(join(stateDir, "machines", "4", "machine.json"));
    // Left over: only a namespace.
    await run(["ip", "netns", "add", `${PREFIX}-edge-5`]);

    const { running, stopped, removed } = await newDriver().reconcile();
    expect({ running, stopped, removed: [...removed].sort() }).toEqual({
      running: [2],
      stopped: [1],
      removed: [3, 4, 5],
    });
    expect(remains().filter((line) => /-[345]\b/.test(line))).toEqual([]);
    await driver.powerOn(1);
    expect(await loggedIn()).toBe(true);
  });

  it("are told from those of a lab in process namespaces of its own, which has the same names", async () => {
    // What a keeper is found by stands in its own command line only, not in that of whoever starts it.
    const keeper = (id: number): string[] => ["sh", "-c", `sh -c 'sleep 60; :' sh --machine=$0-${id}`, PREFIX];
    const inside = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"];
    const children = [keeper(8), [...inside, ...keeper(9)]].map(([command = "", ...args]) =>
      spawn(command, args, { stdio: "ignore" }),
    );
    const running = (id: number): boolean =>
      processesWith((argv) => argv.includes(`--machine=${PREFIX}-${id}`)).length > 0;
    try {
      expect(await waitUntil(() => running(8) && running(9), 10_000)).toBe(true);
      const ids = findKeepers(PREFIX).map(({ id }) => id);
      expect([ids.includes(8), ids.includes(9)]).toEqual([true, false]);
    } finally {
      for (const child of children) await endChild(child, "SIGKILL");
      for (const record of processesWith((argv) => argv.includes(`--machine=${PREFIX}-8`))) signal(record, "SIGKILL");
    }
  }, 30_000);

  it("leave nothing behind when they are destroyed", async () => {
    await driver.destroy(1);
    await driver.destroy(1);
    expect(await driver.state(1)).toBe("absent");
    expect((await wan.list()).endpoints.map(({ id }) => id)).toEqual(["2", "operator"]);
    await driver.destroyAll();
    expect(remains()).toEqual([]);
    expect(readdirSync(join(stateDir, "machines"))).toEqual([]);
    await driver.destroyAll();
  });
});
