import { mkdir, rm } from "node:fs/promises";
import * as path from "node:path";
import { type Progress, type RoundTripSource, WanClient, type WanStats } from "terraform-lab";
import { ensureKnownEtcd } from "../etcd/known-release";
import { ThrowAwayAuthority, type CertificateFiles } from "../etcd/throw-away-authority";
import { RigCluster } from "./cluster";
import { aheadOfOthers, RigHost, removeStaleNamespaces } from "./host";
import { peerUrl, RIG_ETCD, RigMember, type Pulse } from "./member";
import { AddressPlan, locationName, rigMatrix, type NetworkCondition } from "./network";

/** Validity of its certificates, longer than any measurement. */
const LIFETIME_DAYS = 2;

/** Properties of a rig. */
export interface RigProps {
  /** Its directory, removed by {@link Rig.down}. Must be on a disk with a fast fsync, for which every write waits. */
  readonly root: string;
  readonly times: RoundTripSource;
  readonly conditions: readonly NetworkCondition[];
  readonly progress?: Progress;
}

/** Properties of a cluster. */
export interface ClusterProps extends Pulse {
  /** Unique in the rig. */
  readonly name: string;
  readonly condition: NetworkCondition;
  /** Regions, with one member at each. @default - all of the condition's */
  readonly regions?: readonly string[];
}

/**
 * Bare etcd clusters on the lab's WAN, for experiments that need more clusters than machines can be booted. etcd, its
 * settings, TLS and the WAN are the lab's, but a machine is only a network namespace without a booted Debian, and a power
 * cut is an isolated network and killed processes. The operator is in the network namespace of this process, so there
 * can be only one rig or lab in each namespace.
 */
export class Rig {
  private readonly hosts: RigHost[] = [];
  private readonly addresses: AddressPlan;

  private constructor(
    private readonly props: RigProps,
    private readonly wan: WanClient,
    private readonly authority: ThrowAwayAuthority,
    private readonly etcd: string,
    /** Certificate of clients. */
    public readonly client: CertificateFiles,
    private readonly priority: readonly string[],
  ) {
    this.addresses = new AddressPlan(props.conditions);
  }

  /** Starts the WAN, first removing what an interrupted rig left in the same place. */
  public static async up(props: RigProps): Promise<Rig> {
    const etcd = await ensureRigEtcd(props.progress);
    await removeRig(props.root);
    const wan = wanOf(props.root, rigMatrix(props.times, props.conditions));
    try {
      await wan.start();
      const authority = await ThrowAwayAuthority.create(path.join(props.root, "pki"), "etcd rig", LIFETIME_DAYS);
      const client = await issue(authority, "client", []);
      return new Rig(props, wan, authority, etcd, client, await aheadOfOthers());
    } catch (error) {
      await removeRig(props.root);
      throw error;
    }
  }

  /** Starts a cluster and waits until it is healthy. */
  public async cluster(props: ClusterProps): Promise<RigCluster> {
    const regions = props.regions ?? props.condition.regions;
    const places: { region: string; host: RigHost }[] = [];
    for (const region of regions) {
      places.push({ region, host: await this.host(`${props.name}-${region}`, props.condition, region) });
    }
    const addresses = ["127.0.0.1", ...places.map(({ host }) => host.address)];
    const certificate = await issue(this.authority, props.name, addresses);
    const initialCluster = places.map(({ host }) => `${host.name}=${peerUrl(host)}`).join(",");
    const members = places.map(
      ({ region, host }) =>
        new RigMember({
          ...{ region, host, certificate, initialCluster, client: this.client, etcd: this.etcd, pulse: props },
          dir: path.join(this.props.root, "members", host.name),
        }),
    );
    const cluster = new RigCluster(props.name, members);
    await cluster.found();
    return cluster;
  }

  /** Makes a host in a region, for clients; members get theirs with their cluster. */
  public async host(name: string, condition: NetworkCondition, region: string): Promise<RigHost> {
    const location = locationName(condition, region);
    const host = new RigHost(this.wan, this.priority, { name, location, address: this.addresses.next(location) });
    this.hosts.push(host);
    await host.create();
    return host;
  }

  /** Makes a directory for clients' files; it is removed with the rig. */
  public async scratch(name: string): Promise<string> {
    const dir = path.join(this.props.root, "clients", name);
    await mkdir(dir, { recursive: true });
    return dir;
  }

  /** The WAN's counters since the last call, including how late its deliveries were on this machine. */
  public wanStats(): Promise<WanStats> {
    return this.wan.stats();
  }

  /** Ends all processes and removes all namespaces and files. */
  public async down(): Promise<void> {
    await Promise.allSettled(this.hosts.map((host) => host.remove()));
    await removeRig(this.props.root);
  }
}

/** The lab's etcd: downloaded or built the first time. Returns the program's path. */
export async function ensureRigEtcd(progress?: Progress): Promise<string> {
  const { binDir } = await ensureKnownEtcd(RIG_ETCD.version, progress);
  return path.join(binDir, "etcd");
}

/**
 * Makes a certificate for server and client use, as peers are both. Unlike in a deployed cluster, one authority signs all
 * certificates: this does not change the round trips of TLS, which matter here.
 */
function issue(authority: ThrowAwayAuthority, name: string, addresses: readonly string[]): Promise<CertificateFiles> {
  const names = [`DNS:${name}`, ...addresses.map((address) => `IP:${address}`)];
  return authority.issue(name, LIFETIME_DAYS, [
    "extendedKeyUsage=serverAuth,clientAuth",
    `subjectAltName=${names.join(",")}`,
  ]);
}

/** Removes what a rig at that root left, also after a crash; its processes ended with their parent. */
async function removeRig(root: string): Promise<void> {
  await wanOf(root, []).stop();
  await removeStaleNamespaces();
  await rm(root, { recursive: true, force: true, maxRetries: 5 });
}

function wanOf(root: string, matrix: ReturnType<typeof rigMatrix>): WanClient {
  return new WanClient({ stateDir: path.join(root, "wan"), matrix });
}
