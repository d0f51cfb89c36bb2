import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import * as path from "node:path";
import { attempt, LabDroplet, orphansIn, run, terraformErrors } from "terraform-lab";
import { LabCluster } from "../../proofs/lab-cluster";
import { ensureGoClient } from "../../proofs/programs";
import { etcdIn } from "../../proofs/etcd/in-lab";
import { eventually, LabHarness, NO_CHANGES, said } from "../../proofs/harness";

jest.setTimeout(900_000);

/** What another droplet takes to be like it. */
interface DropletToCopy {
  readonly name: string;
  readonly region: { readonly slug: string };
  readonly size_slug: string;
  readonly image: { readonly slug: string };
  readonly tags: readonly string[];
}

const harness = new LabHarness();
let cluster: LabCluster;

/** Whether a TCP connection opens within five seconds, which are three of its attempts: from the operator, or from a machine or namespace. */
async function opens(address: string, port: number, from: { on?: LabDroplet; netns?: string } = {}): Promise<boolean> {
  const script = `exec timeout 5 bash -c 'exec 3<>/dev/tcp/${address}/${port}'`;
  if (from.on !== undefined) return (await cluster.on(from.on, script)).ok;
  const prefix = from.netns === undefined ? [] : ["ip", "netns", "exec", from.netns];
  return (await attempt([...prefix, "bash", "-c", script])).status === 0;
}

/**
 * A command that shakes hands as a client, and prints what is said of it. It only reads then: of one that writes, the connection may be
 * closed before it has read why.
 */
function handshake(host: string, port: number, as: string): string {
  return `timeout 20 openssl s_client -connect ${host}:${port} ${as} 2>&1 < <(sleep 10 2>/dev/null); true`;
}

/** What a command prints in a shell that has the operator's client files and etcdctl. */
async function asOperator(command: string): Promise<string> {
  const file = path.join(harness.paths.access, "operator", "etcd.env");
  const env = { PATH: `${etcdIn(harness.paths).binDir}:${process.env.PATH ?? ""}` };
  return run(["bash", "-c", `. ${file} && ${command}`], { env });
}

/** The HTTP status with which each member answers a read in JSON. */
async function jsonAnswers(): Promise<number[]> {
  const as = (file: string): string => path.join(harness.paths.access, "operator", file);
  const read = ["-d", '{"key":"L2Zvbw=="}', "-o", "/dev/null", "-w", "%{http_code}"];
  const files = ["--cacert", as("ca.crt"), "--cert", as("client.crt"), "--key", as("client.key")];
  return Promise.all(
    cluster.machines.map(async (machine) =>
      Number(await run(["curl", "-sS", ...files, ...read, `${cluster.clientUrl(machine)}/v3/kv/range`])),
    ),
  );
}

/** The private key of an authority, out of the state. */
function authorityKey(authority: string): string {
  return harness.attributes("tls_private_key", `pki_${authority}_`).private_key_pem?.trim() ?? "";
}

/** What users of a machine get of its user data, from the metadata service: whether the SSH host key is in it, and curl's exit code. */
async function userDataReadBy(machine: LabDroplet, ...users: string[]): Promise<Record<string, string>> {
  const read = async (user: string): Promise<[string, string]> => {
    const ask = "curl -s --max-time 20 http://169.254.169.254/metadata/v1/user-data";
    const asUser = `setpriv --reuid=${user} --clear-groups ${ask}`;
    const { stdout } = await cluster.on(
      machine,
      `set -o pipefail; ${asUser} | grep -c 'OPENSSH PRIVATE'; echo $PIPESTATUS`,
    );
    return [user, stdout.trim().replace("\n", ", ")];
  };
  return Object.fromEntries(await Promise.all(users.map(read)));
}

const address = (machine: LabDroplet): string => machine.publicAddress ?? "";

beforeAll(async () => {
  await harness.up({ operatorInLondon: true, freshDroplets: true });
});
afterAll(async () => {
  await harness.down();
});

// One story, in order: each test starts from what the one before left.
describe("a cluster on three continents", () => {
  it("refuses a download that is not what was pinned, and changes nothing", async () => {
    const failed = await harness.deployFails({ sha256: "0".repeat(64) });
    const lines = said(failed);
    expect(lines).toContainEqual(
      expect.stringMatching(
        /^error: etcd 3\.6\.14 from http.* has SHA-256 [0-9a-f]{64}, expected 0{64}; nothing was installed/,
      ),
    );
    expect(lines).toContainEqual(
      expect.stringMatching(/^error: etcd-lon1: etcd 3\.6\.14 is not installed; nothing was changed/),
    );
    cluster = await harness.cluster();
    for (const machine of cluster.machines) {
      const { stdout } = await cluster.on(
        machine,
        "ls -d /etc/systemd/system/etcd.service /etc/etcd/etcd.env /var/lib/etcd 2>/dev/null; true",
      );
      expect([machine.name, stdout.trim()]).toEqual([machine.name, ""]);
    }
  });

  it("is completed by the next deploy: every member founds, waits for none, and all get healthy", async () => {
    const lines = said(await harness.deploy({}, { cdktf: true }));
    expect(lines.filter((line) => line.includes("founding the cluster"))).toHaveLength(3);
    expect(lines.at(-1)).toMatch(/all members are healthy|moving the leader to etcd-lon1/);
    cluster = await harness.cluster();
    await cluster.mustBeHealthy();
    expect(await cluster.status()).toMatchObject({ leader: "etcd-lon1" });
  });

  it("keeps Terraform's state, with every private key in it, to its owner", () => {
    const modes = [harness.stateFile, `${harness.stateFile}.backup`].map((file) => statSync(file).mode & 0o777);
    expect(modes).toEqual([0o600, 0o600]);
  });

  it("has nothing left to do at a second look, and tells of a droplet that no state knows until that is gone", async () => {
    const api = harness.lab.api();
    const known = cluster.machine("etcd-sgp1");
    const { droplet: twin } = (await api.request("GET", `/v2/droplets/${known.id}`)) as { droplet: DropletToCopy };
    const { droplet } = (await api.request("POST", "/v2/droplets", {
      name: twin.name,
      region: twin.region.slug,
      size: twin.size_slug,
      image: twin.image.slug,
      tags: twin.tags,
    })) as { droplet: { id: number } };
    const { output } = await harness.run("diff", {}, { cdktf: true });
    expect(output).toContain(NO_CHANGES);
    expect(orphansIn(output)).toEqual([droplet.id]);
    await harness.destroy([droplet.id]);
    // From here on it is of no interest how far away the operator is.
    await harness.lab.moveOperator({ nearEverywhere: true });
  });

  it("has nothing to do for another image on the provider's bad days, with rate limits and server errors", async () => {
    const api = harness.lab.api();
    await api.injectFault({
      kind: "status",
      status: 429,
      retryAfterSeconds: 1,
      pathPattern: "/v2/droplets",
      times: 2,
    });
    await api.injectFault({ kind: "status", status: 500, pathPattern: "/v2/firewalls", times: 2 });
    // A machine is made anew only when asked for.
    const { output } = await harness.run("diff", { image: "debian-12-x64" });
    expect(output).toContain(NO_CHANGES);
    expect(orphansIn(output)).toEqual([]);
    expect(await api.faults()).toEqual([]);
  });

  it("takes writes and reads on each continent, as root, at once", async () => {
    for (const machine of cluster.machines) {
      const put = await cluster.on(machine, `etcdctl put /${machine.name} here`);
      expect([machine.name, put.stdout.trim(), put.stderr]).toEqual([machine.name, "OK", ""]);
    }
    for (const machine of cluster.machines) {
      const { stdout } = await cluster.on(machine, "etcdctl get --prefix /etcd- --keys-only | sort -u | xargs");
      expect([machine.name, stdout.trim()]).toEqual([machine.name, "/etcd-lon1 /etcd-nyc3 /etcd-sgp1"]);
    }
  });

  it("tells other units and containers of a host how to reach etcd", async () => {
    const { stdout } = await cluster.on(
      cluster.machine("etcd-nyc3"),
      "cat /run/etcd/endpoint.env; stat -c %a /run/etcd/endpoint.env",
    );
    expect(stdout).toContain(`ETCD_ENDPOINT=https://${address(cluster.machine("etcd-nyc3"))}:2379\n`);
    expect(stdout).toMatch(/^ETCD_ENDPOINTS=https:\S+,https:\S+,https:\S+$/m);
    expect(stdout.trim().split("\n").at(-1)).toBe("644");
  });

  it("runs locked down, with keys that only their owners read", async () => {
    for (const machine of cluster.machines) {
      const { stdout } = await cluster.on(
        machine,
        "for unit in '' -backup -defragment -join -leader -metadata -metrics -streams; do systemd-analyze security etcd$unit --no-pager | tail -n 1; done; stat -c '%a %U %n' /etc/etcd/pki/*.key /etc/etcd/admin/*.key; ls /tmp/terraform_* /root/.cdktf-etcd-*.sh 2>/dev/null | xargs -r wc -c; grep -l 'PRIVATE KEY' /var/lib/cloud/instance/user-data.txt",
      );
      const exposed = [...stdout.matchAll(/level for etcd(\S*)\.service: ([\d.]+)/g)];
      expect(exposed).toHaveLength(8);
      const tooMuch = exposed.filter(([, unit, level]) => Number(level) > (unit === "" ? 1 : 2)).map(([line]) => line);
      expect([machine.name, tooMuch]).toEqual([machine.name, []]);
      expect(stdout).toContain("400 etcd /etc/etcd/pki/peer.key");
      expect(stdout).toContain("400 etcd /etc/etcd/pki/server.key");
      expect(stdout).toContain("400 root /etc/etcd/admin/admin.key");
      // Terraform empties its script when it is done with it.
      expect(stdout).not.toContain("terraform_");
      expect(stdout).not.toMatch(/^[1-9]\d* \/root\/\.cdktf-etcd/m);
    }
  });

  it("leaves the machine's metadata service to root and the provider's agent: it serves the SSH host key", async () => {
    for (const machine of cluster.machines) {
      expect([machine.name, await userDataReadBy(machine, "root", "etcd", "nobody")]).toEqual([
        machine.name,
        { root: "1, 0", etcd: "0, 7", nobody: "0, 7" },
      ]);
    }
    const singapore = cluster.machine("etcd-sgp1");
    await cluster.on(singapore, "useradd --system do-agent && systemctl start etcd-metadata");
    expect(await userDataReadBy(singapore, "do-agent", "etcd")).toEqual({ "do-agent": "1, 0", etcd: "0, 7" });
  });

  it("does what its timers are for within that, without a storage too", async () => {
    const units = ["etcd-streams", "etcd-leader", "etcd-metrics", "etcd-defragment", "etcd-backup"];
    for (const machine of cluster.machines) {
      const { stdout, stderr } = await cluster.on(
        machine,
        `for unit in ${units.join(" ")}; do systemctl start $unit || journalctl -u $unit -n 5 -o cat >&2; done; ls -A /var/lib/etcd-backup`,
      );
      // The follower at the leader's worst place takes the backup.
      const taken = machine.name === "etcd-sgp1" ? (expect.stringMatching(/^etcd-\S+\.db$/) as string) : "";
      expect([machine.name, stderr, stdout.replace(/^\.\w+$/gm, "").trim()]).toEqual([machine.name, "", taken]);
    }
  });

  it("streams to its peers by cubic, by the ways of everything else, and sends what it opens connections for by BBR", async () => {
    const algorithms = (connections: string): string[] => [...new Set(connections.match(/\b(cubic|bbr|reno)\b/g))];
    for (const machine of cluster.machines) {
      const { stdout } = await cluster.on(
        machine,
        "cat /proc/sys/net/ipv4/tcp_congestion_control; ss -tinH state established sport = :2380; echo opened; ss -tinH state established dport = :2380; " +
          "echo streams; ip -4 route show table 2380; ip -4 rule show pref 2380; systemctl show -p ExecStartPre etcd",
      );
      const [accepted, opened, streams] = stdout.split(/^(?:opened|streams)$/m);
      const [usual = ""] = accepted.split("\n", 1);
      expect([machine.name, algorithms(accepted.slice(usual.length))]).toEqual([machine.name, ["cubic"]]);
      expect([machine.name, algorithms(opened)]).toEqual([machine.name, [usual]]);
      const routes = streams.match(/^\S+ .* congctl cubic/gm)?.map((route) => route.split(" ", 1)[0]);
      const peers = cluster.machines.filter(({ name }) => name !== machine.name).map(address);
      expect([machine.name, routes?.sort()]).toEqual([machine.name, peers.sort()]);
      expect(streams).toMatch(/ipproto tcp sport 2380 lookup 2380/);
      expect(streams).toContain("status=0");
    }
  });

  it("streams by the ways that come and go, and puts back what others have taken away", async () => {
    const peer = address(cluster.machine("etcd-sgp1"));
    // The same way as before, by a route of its own; and the rule is gone, as after a restart of networkd.
    const { stdout } = await cluster.on(
      cluster.machine("etcd-lon1"),
      `ip route add ${peer} $(ip -4 -o route get fibmatch ${peer} | cut -d' ' -f2-) mtu 1400; ip rule del pref 2380; ` +
        `for i in $(seq 30); do ip -4 rule show pref 2380 | grep -q . && break; sleep 1; done; ip -4 -o route get fibmatch ${peer} ipproto tcp sport 2380; ` +
        `ip route del ${peer}; systemctl start etcd-streams; ip -4 -o route get fibmatch ${peer} ipproto tcp sport 2380`,
    );
    const [with1400, without] = stdout.trim().split("\n");
    expect(with1400).toMatch(new RegExp(`^${peer} .*table 2380.* mtu 1400.* congctl cubic`));
    expect(without).toMatch(new RegExp(`^${peer} .*table 2380`));
    expect(without).not.toContain("mtu");
  });

  it("refuses a client without a certificate, with a foreign one, and one of a peer", async () => {
    const london = cluster.machine("etcd-lon1");
    const directory = harness.paths.root;
    const key = path.join(directory, "foreign.key");
    const certificate = path.join(directory, "foreign.crt");
    await run([
      "openssl",
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-nodes",
      "-subj",
      "/CN=root",
      "-days",
      "1",
      "-keyout",
      key,
      "-out",
      certificate,
    ]);
    const foreign = `-cert ${certificate} -key ${key}`;
    const ofPeer = "-cert /etc/etcd/pki/peer.crt -key /etc/etcd/pki/peer.key";
    expect([
      await run(["bash", "-c", handshake(address(london), 2379, "")]),
      await run(["bash", "-c", handshake(address(london), 2379, foreign)]),
      (await cluster.on(london, handshake("127.0.0.1", 2379, ofPeer))).stdout,
    ]).toEqual([
      expect.stringContaining("alert certificate required"),
      expect.stringContaining("alert unknown ca"),
      expect.stringContaining("alert unknown ca"),
    ]);
    // A client that is refused tries on until its time is up.
    const env = { ...cluster.environment(), ETCDCTL_COMMAND_TIMEOUT: "2s" };
    const none = await cluster.etcdctl(["get", "/x"], { ...env, ETCDCTL_CERT: "", ETCDCTL_KEY: "" });
    expect([none.ok, none.stderr]).toEqual([false, expect.stringContaining("context deadline exceeded")]);
    // The very same call with the right certificate works: it was the certificate that was refused.
    expect((await cluster.etcdctl(["get", "/x"])).ok).toBe(true);
  });

  it("lets no client certificate act as a peer", async () => {
    const from = cluster.machine("etcd-lon1");
    const url = `https://${address(cluster.machine("etcd-nyc3"))}:2380/members`;
    const call = (certificate: string): string =>
      `curl -sS --http1.1 --max-time 10 --cacert /etc/etcd/pki/peer-ca.crt --cert ${certificate}.crt --key ${certificate}.key ${url}`;
    expect((await cluster.on(from, call("/etc/etcd/pki/peer"))).stdout).toContain("etcd-nyc3");
    for (const certificate of ["/etc/etcd/admin/admin", "/etc/etcd/pki/server"]) {
      const as = `-cert ${certificate}.crt -key ${certificate}.key`;
      const { stdout } = await cluster.on(from, handshake(address(cluster.machine("etcd-nyc3")), 2380, as));
      expect([certificate, stdout]).toEqual([certificate, expect.stringContaining("alert unknown ca")]);
    }
  });

  it("opens 22, 2379 and 2380 to those who are meant, and to nobody else", async () => {
    const netns = "etcd-test-stranger";
    const wan = harness.lab.wan();
    await attempt(["ip", "netns", "del", netns]);
    await run(["ip", "netns", "add", netns]);
    try {
      await wan.attach({
        id: "stranger",
        netns: `/run/netns/${netns}`,
        device: "wan0",
        location: "ams3",
        addresses: [{ ip: "198.18.99.9" }],
        assigned: ["198.18.99.9/15"],
      });
      const london = cluster.machine("etcd-lon1");
      const newYork = cluster.machine("etcd-nyc3");
      const reach = async (from: { on?: LabDroplet; netns?: string }): Promise<Record<string, boolean>> =>
        Object.fromEntries(
          await Promise.all(
            [22, 2379, 2380].map(async (port) => [port, await opens(address(london), port, from)] as const),
          ),
        );
      const [operator, member, stranger] = await Promise.all([reach({}), reach({ on: newYork }), reach({ netns })]);
      expect({ operator, member, stranger }).toEqual({
        operator: { 22: true, 2379: true, 2380: false },
        member: { 22: false, 2379: true, 2380: true },
        stranger: { 22: false, 2379: false, 2380: false },
      });
    } finally {
      await wan.detach("stranger");
      await attempt(["ip", "netns", "del", netns]);
    }
  });

  it("gives its clients files that work", async () => {
    const directory = path.join(harness.paths.access, "operator");
    expect(await run(["sh", "-c", `sh ${directory}/curl.sh 2>&1`])).toContain('"header"');
    expect((await asOperator("etcdctl endpoint health --cluster 2>&1")).match(/is healthy/g)).toHaveLength(3);
    expect(await jsonAnswers()).toEqual([200, 200, 200]);
  });

  it("tells clients how to ask one member, which etcdctl refuses beside its variable", async () => {
    const one = cluster.clientUrl(cluster.machine("etcd-nyc3"));
    const env = readFileSync(path.join(harness.paths.access, "operator", "etcd.env"), "utf8");
    const [, wayOut] = /^# .*: {2}(env -u .* etcdctl --endpoints=)https/m.exec(env) ?? [];
    expect(await asOperator(`etcdctl --endpoints=${one} endpoint health 2>&1 || true`)).toContain(
      "conflicting environment variable",
    );
    expect(await asOperator(`${wayOut}${one} endpoint health 2>&1`)).toMatch(new RegExp(`^${one} is healthy`));
    expect(await asOperator(`ETCDCTL_ENDPOINTS=${one} etcdctl endpoint health 2>&1`)).toMatch(/^\S+ is healthy/);
  });

  it("is written to by the examples, in Go and in shell, with nothing but a client's files", async () => {
    const examples = path.join(__dirname, "..", "..", "examples");
    const program = await ensureGoClient();
    expect(await asOperator(`${program} /greeting hello`)).toBe('/greeting: "hello", before ""\n');
    expect(await asOperator(`${program} /greeting hi`)).toBe('/greeting: "hi", before "hello"\n');
    expect(await asOperator(`sh ${examples}/shell-client.sh /salute hello`)).toBe("written\n");
  });

  it("goes on writing when a continent is lost, and takes it back", async () => {
    const api = harness.lab.api();
    const lost = cluster.machine("etcd-lon1");
    const others = cluster.machines.filter((machine) => machine !== lost);
    await api.power(lost, "power_off");
    const env = { ...cluster.environment(others), ETCDCTL_COMMAND_TIMEOUT: "2s" };
    await eventually(
      "a write without London",
      async () => (await cluster.etcdctl(["put", "/while-away", "yes"], env)).ok,
    );
    await api.power(lost, "power_on");
    await cluster.untilHealthy([lost]);
    const { stdout } = await cluster.on(lost, "etcdctl get --consistency=s --print-value-only /while-away");
    expect(stdout.trim()).toBe("yes");
  });

  it("comes back by itself after a reboot of one machine", async () => {
    const machine = cluster.machine("etcd-sgp1");
    // When init started, in clock ticks of the host.
    const boot = async (): Promise<string> => (await cluster.on(machine, "cut -d' ' -f22 /proc/1/stat")).stdout;
    const before = await boot();
    await cluster.on(machine, "systemctl reboot").catch(() => undefined);
    await eventually("Singapore rebooted", async () => {
      try {
        return (await boot()) !== before;
      } catch {
        return false;
      }
    });
    await cluster.untilHealthy([machine]);
    expect(await userDataReadBy(machine, "root", "do-agent", "etcd", "nobody")).toEqual({
      root: "1, 0",
      "do-agent": "1, 0",
      etcd: "0, 7",
      nobody: "0, 7",
    });
  });

  it("names a machine that shows another host key and one that can't be reached, and takes nobody down", async () => {
    const machine = cluster.machine("etcd-sgp1");
    await cluster.on(
      machine,
      "cp -a /etc/ssh /root/ssh.kept && rm /etc/ssh/ssh_host_ed25519_key* && ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key && systemctl restart ssh",
    );
    const wan = harness.lab.wan();
    await wan.link({ a: "operator", b: "nyc3", down: true });
    const failed = await harness.deployFails({ quotaGiB: 1, bootTimeoutSeconds: 30 });
    expect(terraformErrors(failed).sort()).toEqual([
      expect.stringMatching(
        /with terraform_data\.etcd_etcd-nyc3_install_.* last error: dial tcp \S+:22: i\/o timeout$/,
      ),
      expect.stringMatching(
        /with terraform_data\.etcd_etcd-sgp1_install_.* last error: SSH .* knownhosts: key mismatch$/,
      ),
    ]);
    // Nobody was restarted on the way to that.
    expect(said(failed).filter((line) => line.endsWith(": restarting"))).toEqual([]);
    expect(await cluster.healthy(cluster.machines.filter(({ name }) => name !== "etcd-nyc3"))).toBe(true);
    await cluster.on(machine, "rm -r /etc/ssh && mv /root/ssh.kept /etc/ssh && systemctl restart ssh");
    await wan.heal();
  });

  it("takes the change once they are back, one member at a time, each after the others are healthy", async () => {
    const lines = said(await harness.deploy({ quotaGiB: 1, grpcGateway: false }));
    const restarts = lines.filter((line) => line.endsWith(": restarting"));
    expect(restarts).toEqual(["etcd-sgp1: restarting", "etcd-nyc3: restarting", "etcd-lon1: restarting"]);
    // Each is in service again before the next one goes down.
    const order = lines.filter((line) => /: (restarting|in service)$/.test(line));
    expect(order).toEqual(restarts.flatMap((line) => [line, line.replace("restarting", "in service")]));
    // A leader hands over before it goes down. Where it was elsewhere, London has it since.
    const handovers = lines.filter((line) => /: handing leadership over to |^etcd-lon1: restarting/.test(line));
    expect(handovers.slice(-2)).toEqual([
      expect.stringMatching(/^etcd-lon1: handing leadership over to etcd-nyc3, with \d+ proposals pending$/),
      "etcd-lon1: restarting",
    ]);
    for (const machine of cluster.machines) {
      const { stdout } = await cluster.on(machine, "etcdctl endpoint status -w fields | grep DBSizeQuota");
      expect([machine.name, stdout.trim()]).toEqual([machine.name, `"DBSizeQuota" : ${1024 ** 3}`]);
    }
  });

  it("has no JSON gateway where that is off, and server certificates that are good for no client", async () => {
    expect(await jsonAnswers()).toEqual([404, 404, 404]);
    expect(existsSync(path.join(harness.paths.access, "operator", "curl.sh"))).toBe(false);
    for (const machine of cluster.machines) {
      // As it is shown at the port; and then used by somebody who got hold of it, key and all.
      const { stdout } = await cluster.on(
        machine,
        "echo | openssl s_client -connect 127.0.0.1:2379 2>/dev/null | openssl x509 -noout -ext extendedKeyUsage; " +
          handshake("127.0.0.1", 2379, "-cert /etc/etcd/pki/server.crt -key /etc/etcd/pki/server.key"),
      );
      expect([machine.name, stdout]).toEqual([machine.name, expect.stringContaining("TLS Web Server Authentication")]);
      expect([machine.name, stdout]).not.toEqual([machine.name, expect.stringContaining("Client Authentication")]);
      expect([machine.name, stdout]).toEqual([machine.name, expect.stringContaining("alert bad certificate")]);
    }
  });

  it("comes back by a deploy after its certificates have run out, even with something to restart for", async () => {
    const days = { leafValidityDays: 300 };
    const leaves = [
      ["client-ca", "pki/server"],
      ["peer-ca", "pki/peer"],
      ["client-ca", "admin/admin"],
    ];
    for (const machine of cluster.machines) {
      for (const [authority, leaf] of leaves) {
        const { ok, stderr } = await cluster.on(
          machine,
          `cd /etc/etcd && echo ${Buffer.from(authorityKey(authority)).toString("base64")} | base64 -d >/root/ca.key && ` +
            `openssl req -new -key ${leaf}.key -subj /CN=${machine.name} | ` +
            `openssl x509 -req -CA pki/${authority}.crt -CAkey /root/ca.key -not_before 20250101000000Z -not_after 20260101000000Z >/root/old.crt && cat /root/old.crt >${leaf}.crt`,
        );
        if (!ok) throw new Error(`${leaf} of ${machine.name} was not signed anew: ${stderr}`);
      }
    }
    for (const machine of cluster.machines) await cluster.on(machine, "systemctl restart --no-block etcd");
    expect(await cluster.healthy()).toBe(false);
    const lines = said(await harness.deploy({ quotaGiB: 2, ...days }));
    expect(
      lines.filter((line) => line.endsWith("its certificates had expired: the new ones are in use from now on")).sort(),
    ).toEqual(
      ["etcd-lon1", "etcd-nyc3", "etcd-sgp1"].map(
        (name) => `${name}: its certificates had expired: the new ones are in use from now on`,
      ),
    );
    expect(lines.filter((line) => line.endsWith(": restarting"))).toHaveLength(3);
    await cluster.mustBeHealthy();
    // That deploy has turned the gateway on again.
    expect(await jsonAnswers()).toEqual([200, 200, 200]);
    expect(await run(["sh", "-c", `sh ${harness.paths.access}/operator/curl.sh 2>&1`])).toContain('"header"');
  });

  it("replaces a machine that was deleted in the control panel: as a learner, promoted, its predecessor removed", async () => {
    const api = harness.lab.api();
    const before = cluster.machine("etcd-nyc3");
    await api.request("DELETE", `/v2/droplets/${before.id}`);
    const lines = said(await harness.deploy({ quotaGiB: 2 }));
    expect(lines).toContainEqual(expect.stringMatching(/^etcd-nyc3: removing its dead predecessor/));
    expect(lines).toContain("etcd-nyc3: added as a learner");
    expect(lines).toContain("etcd-nyc3: caught up: promoted to a voting member");
    expect(lines.filter((line) => line.endsWith(": restarting"))).toEqual([]);
    cluster = await harness.cluster();
    expect(cluster.machine("etcd-nyc3").id).not.toBe(before.id);
    const { members } = await cluster.status();
    expect(members.map(({ endpoint }) => endpoint).sort()).toEqual(
      cluster.machines.map((m) => cluster.clientUrl(m)).sort(),
    );
    await cluster.mustBeHealthy();
    expect((await cluster.etcdctl(["get", "--print-value-only", "/while-away"])).stdout.trim()).toBe("yes");
    // All who are told of the members by a file learn where it is now, on machines that did not restart, too.
    const [old, now] = [address(before), address(cluster.machine("etcd-nyc3"))];
    const told = [
      readFileSync(path.join(harness.paths.access, "operator", "etcd.env"), "utf8"),
      (await cluster.on(cluster.machine("etcd-lon1"), "cat /run/etcd/endpoint.env")).stdout,
    ];
    expect(told.map((text) => [text.includes(`https://${now}:2379`), text.includes(`https://${old}:2379`)])).toEqual([
      [true, false],
      [true, false],
    ]);
    expect((await asOperator("etcdctl endpoint health --cluster 2>&1")).match(/is healthy/g)).toHaveLength(3);
  });

  it("is gone without a trace after destroy", async () => {
    const { exitCode, output } = await harness.run("destroy", {}, { cdktf: true });
    if (exitCode !== 0) throw new Error(output.split("\n").slice(-20).join("\n"));
    const api = harness.lab.api();
    const left = async (resource: string, key = resource): Promise<unknown> =>
      ((await api.request("GET", `/v2/${resource}`)) as Record<string, unknown[]>)[key];
    expect({
      droplets: await left("droplets"),
      firewalls: await left("firewalls"),
      keys: await left("account/keys", "ssh_keys"),
    }).toEqual({ droplets: [], firewalls: [], keys: [] });
    expect(readdirSync("/run/netns").filter((name) => name.startsWith("lab"))).toEqual([]);
    expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(".lab-test");
    expect(existsSync(path.join(harness.paths.access, "operator", "client.key"))).toBe(false);
  });

  it("leaves nothing of the lab after down", async () => {
    await harness.down();
    expect(harness.leftDirectory).toBe(false);
    expect(await attempt(["ip", "link", "show", "lab0"])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("does not exist") as string,
    });
  });
});
