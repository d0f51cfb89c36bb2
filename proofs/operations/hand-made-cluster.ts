import { readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import type { LabDroplet } from "terraform-lab";
import type { TakeoverOriginProps } from "../../lib";
import { eventually, type LabHarness } from "../harness";
import { etcdIn } from "../etcd/in-lab";
import { ThrowAwayAuthority, type CertificateFiles } from "../etcd/throw-away-authority";

const ETCDCTL = "etcdctl --cacert /etc/etcd/ca.crt --cert /etc/etcd/etcd.crt --key /etc/etcd/etcd.key";

/**
 * A cluster as people set it up by hand: copied units, etcd as root, one authority and one certificate for everything,
 * arbitrary timeouts.
 */
export class HandMadeCluster {
  /** Makes a machine at each location, and starts the cluster. */
  public static async setUp(harness: LabHarness, locations: readonly string[]): Promise<HandMadeCluster> {
    const machines = await machinesAt(harness, locations);
    const directory = path.join(harness.paths.root, "by-hand");
    const made = new HandMadeCluster(harness, machines, await ThrowAwayAuthority.create(directory, "by hand", 3650));
    await made.found();
    return made;
  }

  private constructor(
    private readonly harness: LabHarness,
    public readonly machines: readonly LabDroplet[],
    private readonly authority: ThrowAwayAuthority,
  ) {}

  /** What `ClusterOrigin.takeOver` is given for this cluster. */
  public get adoption(): TakeoverOriginProps {
    const ca = this.caPem;
    return {
      clientUrls: this.clientUrls,
      peerUrls: this.machines.map((machine) => `https://${address(machine)}:2380`),
      clientCaPem: ca,
      peerCaPem: ca,
    };
  }

  /** The prop `peersFrom` for this cluster. */
  public get peersFrom(): string[] {
    return this.machines.map((machine) => `${address(machine)}/32`);
  }

  public get clientUrls(): string[] {
    return this.machines.map((machine) => `https://${address(machine)}:2379`);
  }

  /** Its authority's certificate, in PEM. */
  public get caPem(): string {
    return readFileSync(this.authority.certificate, "utf8");
  }

  /** Runs a command as root on a machine; returns its output. @throws Error with its error output if it fails */
  public async on(machine: LabDroplet, command: string, stdin?: Buffer): Promise<string> {
    const result = await this.harness.lab
      .driver()
      .exec(machine.id, ["/bin/bash", "-c", command], { stdin, timeoutMs: 120_000 });
    if (result.status !== 0) throw new Error(`${machine.name}: ${command}: ${result.stderr}`);
    return result.stdout;
  }

  /** Runs etcdctl on a machine, with the member there as endpoint. */
  public etcdctl(args: string, machine = this.machines[0]): Promise<string> {
    return this.on(machine, `${ETCDCTL} ${args}`);
  }

  /** The number of members that commit writes. */
  public async healthy(): Promise<number> {
    const answer = await this.etcdctl(`--endpoints ${this.clientUrls.join(",")} endpoint health 2>&1 || true`);
    return answer.match(/ is healthy/g)?.length ?? 0;
  }

  /**
   * Makes the members trust other authorities too, by restarts one after the other, the leader last and after a transfer
   * of leadership.
   *
   * @param pem certificates of these authorities
   */
  public async trust(pem: string): Promise<void> {
    const leading = await Promise.all(this.machines.map((machine) => this.leads(machine)));
    const inOrder = [...this.machines.filter((_, i) => !leading[i]), ...this.machines.filter((_, i) => leading[i])];
    for (const machine of inOrder) {
      if (await this.leads(machine)) await this.handOver(machine, inOrder[0]);
      await this.on(machine, "cat >>/etc/etcd/ca.crt && systemctl restart etcd", Buffer.from(pem));
      await this.untilHealthy();
    }
  }

  /**
   * Makes a key and a certificate for a client, signed by the cluster's authority.
   *
   * @param directory for client.crt and client.key
   */
  public async issueTo(client: string, directory: string): Promise<void> {
    const { cert, key } = await this.issue(client, "extendedKeyUsage=clientAuth");
    writeFileSync(path.join(directory, "client.crt"), readFileSync(cert));
    writeFileSync(path.join(directory, "client.key"), readFileSync(key), { mode: 0o600 });
  }

  /** Destroys its machines. */
  public async remove(): Promise<void> {
    await this.harness.destroy(this.machines.map(({ id }) => id));
  }

  private async found(): Promise<void> {
    const { binDir } = etcdIn(this.harness.paths);
    for (const machine of this.machines) {
      const names = `subjectAltName=IP:${address(machine)},IP:127.0.0.1,DNS:${machine.name}`;
      const { ca, cert, key } = await this.issue(machine.name, names);
      await this.on(machine, "mkdir -p /etc/etcd");
      for (const program of ["etcd", "etcdctl"]) {
        const put = `cat >/usr/local/bin/${program} && chmod 755 /usr/local/bin/${program}`;
        await this.on(machine, put, readFileSync(path.join(binDir, program)));
      }
      await this.on(machine, "cat >/etc/etcd/ca.crt", readFileSync(ca));
      await this.on(machine, "cat >/etc/etcd/etcd.crt", readFileSync(cert));
      await this.on(machine, "cat >/etc/etcd/etcd.key", readFileSync(key));
      await this.on(machine, "cat >/etc/systemd/system/etcd.service", Buffer.from(this.unit(machine)));
      await this.on(machine, "systemctl daemon-reload && systemctl enable --now --no-block etcd");
    }
    await this.untilHealthy();
  }

  private unit(machine: LabDroplet): string {
    const initial = this.machines.map((each) => `${each.name}=https://${address(each)}:2380`).join(",");
    const tls = (prefix: string): string =>
      `--${prefix}cert-file /etc/etcd/etcd.crt --${prefix}key-file /etc/etcd/etcd.key --${prefix}trusted-ca-file /etc/etcd/ca.crt --${prefix}client-cert-auth`;
    return `[Service]
Type=notify
ExecStart=/usr/local/bin/etcd --name ${machine.name} --data-dir /var/lib/etcd-by-hand \\
  --listen-client-urls https://0.0.0.0:2379 --advertise-client-urls https://${address(machine)}:2379 \\
  --listen-peer-urls https://0.0.0.0:2380 --initial-advertise-peer-urls https://${address(machine)}:2380 \\
  --initial-cluster ${initial} --heartbeat-interval 100 --election-timeout 2500 \\
  ${tls("")} ${tls("peer-")}
Restart=on-failure
[Install]
WantedBy=multi-user.target
`;
  }

  private async leads(machine: LabDroplet): Promise<boolean> {
    const status = await this.etcdctl("endpoint status -w fields", machine);
    const id = (field: string): string | undefined => new RegExp(`^"${field}" : (\\d+)$`, "m").exec(status)?.[1];
    return id("MemberID") !== undefined && id("MemberID") === id("Leader");
  }

  private async handOver(from: LabDroplet, to: LabDroplet): Promise<void> {
    await this.etcdctl(`move-leader $(${ETCDCTL} member list | awk -F', ' '$3 == "${to.name}" { print $1 }')`, from);
  }

  private untilHealthy(): Promise<void> {
    return eventually(
      "the cluster that was made by hand",
      async () => (await this.healthy()) === this.machines.length,
      60,
    );
  }

  private issue(name: string, extension: string): Promise<CertificateFiles> {
    return this.authority.issue(name, 365, [extension]);
  }
}

function address(machine: LabDroplet): string {
  return machine.publicAddress ?? "";
}

async function machinesAt(harness: LabHarness, locations: readonly string[]): Promise<LabDroplet[]> {
  const api = harness.lab.api();
  const wanted = locations.map((region) => ({
    name: `old-${region}`,
    region,
    size: "s-2vcpu-2gb",
    image: "debian-13-x64",
  }));
  for (const body of wanted) await api.request("POST", "/v2/droplets", body);
  const running = async (): Promise<LabDroplet[]> =>
    (await api.droplets()).filter((droplet) => droplet.name.startsWith("old-") && droplet.status === "active");
  await eventually("the old machines", async () => (await running()).length === locations.length, 180);
  const machines = (await running()).sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const machine of machines) {
    const answers = async (): Promise<boolean> =>
      (await harness.lab.driver().exec(machine.id, ["/bin/true"], { timeoutMs: 120_000 })).status === 0;
    await eventually(`${machine.name} runs`, () => answers().catch(() => false), 60);
  }
  return machines;
}
