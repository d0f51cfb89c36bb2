/** @independent */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { MachineSpec, ResolvedFirewall } from "../../../lab/machines/machine-driver";
import { MachineError, NspawnMachineDriver } from "../../../lab/machines/nspawn-machine-driver";
import { attempt, run, type CommandResult } from "../../../lab/tools/command";
import { ensureImage } from "../../../lab/tools/image";
import { buildWan } from "../../../lab/wan/build";
import { WanClient, type PairSettings } from "../../../lab/wan/client";
import { waitUntil } from "../../../lab/wan/process-record";

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
  let image = "";
  let spec: MachineSpec;
  let neighbour: MachineSpec;
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

  const ssh = (command: string, host = spec.publicIpv4): Promise<CommandResult> => {
    const options = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "ConnectTimeout=2", "LogLevel=ERROR"];
    return attempt(
      operator(["ssh", "-i", key, ...options.flatMap((option) => ["-o", option]), `root@${host}`, command]),
      { timeoutMs: 20_000 },
    );
  };

  const loggedIn = (host?: string): Promise<boolean> =>
    waitUntil(async () => (await ssh("true", host)).status === 0, 60_000, 250);

  beforeAll(async () => {
    image = process.env.ETCD_LAB_TEST_IMAGE ?? (await ensureImage("debian-13-x64")).rootfs;
    await run(["ip", "netns", "add", OPERATOR]);
    await run(["ip", "-n", OPERATOR, "link", "set", "lo", "up"]);
    await run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key]);
    wan = new WanClient({
      stateDir: join(stateDir, "wan"),
      binary: () => buildWan(),
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
      sshNotReadySeconds: 8,
    };
    neighbour = { ...common, id: 2, name: "neighbour", publicIpv4: "198.18.1.12", privateIpv4: "10.106.0.3" };
  }, 300_000);

  afterAll(async () => {
    await driver.destroyAll();
    await wan.stop();
    await attempt(["ip", "netns", "del", OPERATOR]);
    rmSync(stateDir, { recursive: true, force: true });
  }, 60_000);

  it("boot, once, however often they are created", async () => {
    expect(await driver.state(spec.id)).toBe("absent");
    await Promise.all([driver.create(spec), newDriver().create(spec), driver.create(spec), driver.create(neighbour)]);
    expect(await driver.state(spec.id)).toBe("running");
    await expect(driver.create({ ...spec, name: "another" })).rejects.toThrow(
      new MachineError("other-machine", spec.id, "there is one of this id already, with another specification"),
    );
    expect(driver.list().map(({ name }) => name)).toEqual(["etcd-lon1", "neighbour"]);
  }, 60_000);

  it("are not ready for SSH at first, and then are, with what cloud-init made of them", async () => {
    const answers: string[] = [];
    const ready = await waitUntil(
      async () => {
        const { status, stdout } = await ssh("cat /etc/from-user-data; hostname");
        answers.push(stdout);
        return status === 0 && stdout === "hello\netcd-lon1\n";
      },
      60_000,
      250,
    );
    expect(ready).toBe(true);
    expect(answers).toContain("Please wait while we get your droplet ready...\n");
    const { stdout } = await driver.exec(spec.id, ["sh", "-c", "cat /etc/ssh/sshd_config"]);
    expect(stdout).not.toContain("droplet");
  }, 90_000);

  it("are whole: no unit failed, cloud-init has nothing to complain about", async () => {
    const state = await driver.exec(spec.id, ["systemctl", "is-system-running", "--wait"], { timeoutMs: 60_000 });
    expect((await driver.exec(spec.id, ["systemctl", "--failed", "--no-legend", "--plain"])).stdout).toBe("");
    expect(state.stdout).toBe("running\n");
    const { stdout } = await driver.exec(spec.id, ["cloud-init", "status", "--long"]);
    expect(stdout).toContain("status: done");
    expect(stdout).toContain("DataSourceNoCloud");
    expect(stdout).toContain("errors: []");
  }, 90_000);

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
      const { stdout } = await driver.exec(spec.id, ["ping", "-c2", "-W2", address]);
      expect(stdout).toContain("2 received");
    }
    const out = await driver.exec(spec.id, ["ping", "-c1", "-W1", "192.0.2.1"]);
    expect(out.stdout).toContain("0 received");
  }, 30_000);

  it("keep each other's services apart", async () => {
    await driver.exec(spec.id, ["systemctl", "restart", "ssh.service"]);
    expect(await loggedIn(neighbour.publicIpv4)).toBe(true);
  }, 90_000);

  it("are shielded by the firewall, which leaves standing connections alone", async () => {
    const standing = ssh("sleep 3; echo still here");
    await sleep(1000);
    await driver.setFirewall(spec.id, SHUT);
    expect((await ssh("true")).status).toBe(255);
    expect((await standing).stdout).toBe("still here\n");
    await driver.setFirewall(spec.id, OPEN);
    expect((await ssh("true")).status).toBe(0);
    expect((await driver.exec(spec.id, ["ping", "-c1", "-W2", neighbour.publicIpv4])).status).toBe(0);
    expect((await driver.exec(neighbour.id, ["ping", "-c1", "-W1", spec.publicIpv4])).status).not.toBe(0);
    const outwards = ["timeout", "2", "bash", "-c", `exec 3<>/dev/tcp/${neighbour.publicIpv4}/22`];
    expect((await driver.exec(spec.id, outwards)).status).not.toBe(0);
    await driver.setFirewall(spec.id, undefined);
    expect((await driver.exec(spec.id, outwards)).status).toBe(0);
  }, 60_000);

  it("cannot touch their firewall, not even as root", async () => {
    await driver.setFirewall(spec.id, SHUT);
    await driver.exec(spec.id, ["nft", "flush", "ruleset"]);
    expect((await ssh("true")).status).toBe(255);
    await driver.setFirewall(spec.id, OPEN);
  }, 30_000);

  it("fall silent in a power cut and come back with their disk and firewall", async () => {
    await driver.exec(spec.id, ["sh", "-c", "echo kept > /root/kept; sync"]);
    // Watches from the machine's other end: a connection that a dying kernel would close with a reset or a FIN.
    const watcher = attempt(
      operator(["timeout", "6", "bash", "-c", `exec 3<>/dev/tcp/${spec.publicIpv4}/22; cat <&3; echo closed`]),
    );
    await sleep(700);
    await driver.powerOff(spec.id);
    expect(await driver.state(spec.id)).toBe("stopped");
    const { stdout, status } = await watcher;
    expect(stdout).not.toContain("closed");
    expect(status).toBe(124);
    await driver.powerOff(spec.id);

    const bootId = (await driver.exec(neighbour.id, ["cat", "/etc/machine-id"])).stdout;
    await driver.powerOn(spec.id);
    await driver.powerOn(spec.id);
    expect(await loggedIn()).toBe(true);
    expect((await ssh("cat /root/kept; cat /etc/from-user-data")).stdout).toBe("kept\nhello\n");
    expect((await ssh("cat /etc/machine-id")).stdout).not.toBe(bootId);
    expect((await driver.exec(neighbour.id, ["ping", "-c1", "-W1", spec.publicIpv4])).status).not.toBe(0);
  }, 120_000);

  it("shut down when asked, also right after power on", async () => {
    await driver.shutdown(spec.id);
    expect(await driver.state(spec.id)).toBe("stopped");
    await driver.powerOn(spec.id);
    await driver.shutdown(spec.id);
    expect(await driver.state(spec.id)).toBe("stopped");
    expect(log.filter((line) => line.includes("did not shut down"))).toEqual([]);
    await driver.powerOn(spec.id);
    expect(await loggedIn()).toBe(true);
  }, 120_000);

  it("reboot by themselves, whatever is run on them from outside, and fall silent when they power themselves off", async () => {
    const before = (await ssh("cat /proc/1/stat")).stdout;
    const running = driver.exec(spec.id, ["sleep", "600"]);
    await ssh("systemctl reboot");
    const rebooted = await waitUntil(async () => {
      const { stdout, status } = await ssh("cat /proc/1/stat");
      return status === 0 && stdout !== before;
    }, 60_000);
    expect(rebooted).toBe(true);
    expect((await running).status).not.toBe(0);
    expect(await loggedIn()).toBe(true);
    await ssh("systemctl poweroff");
    expect(await waitUntil(async () => (await driver.state(spec.id)) === "stopped", 30_000)).toBe(true);
    await sleep(300);
    // Silence, not a refusal: ssh gives up by itself.
    expect((await ssh("true")).stderr).toContain("timed out");
    await driver.powerOn(spec.id);
    expect(await loggedIn()).toBe(true);
  }, 180_000);

  it("outlive the switch", async () => {
    const { pid } = await wan.hello();
    process.kill(pid, "SIGKILL");
    await waitUntil(async () => !(await wan.hello().catch(() => undefined)), 3000);
    await wan.start();
    expect((await ssh("true")).status).toBe(0);
  }, 30_000);

  it("outlive their driver, and a new one knows them", async () => {
    const report = await newDriver().reconcile();
    expect(report).toEqual({ running: [1, 2], stopped: [], removed: [] });
    expect((await ssh("true")).status).toBe(0);
  }, 30_000);

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
    await waitUntil(async () => (await driver.state(1)) === "stopped", 5000);
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
  }, 120_000);

  it("leave nothing behind when they are destroyed", async () => {
    await driver.destroy(1);
    await driver.destroy(1);
    expect(await driver.state(1)).toBe("absent");
    expect((await wan.list()).endpoints.map(({ id }) => id)).toEqual(["2", "operator"]);
    await driver.destroyAll();
    expect(remains()).toEqual([]);
    expect(readdirSync(join(stateDir, "machines"))).toEqual([]);
    await driver.destroyAll();
  }, 60_000);
});
