import { mkdir, rm } from "node:fs/promises";
import * as path from "node:path";
import { type Progress, type RoundTripSource, WanClient, type WanStats } from "terraform-lab";
import { ensureKnownEtcd } from "../etcd/known-release";
import { ThrowAwayAuthority, type CertificateFiles } from "../etcd/throw-away-authority";
import { RigCluster } from "./cluster";
import { aheadOfOthers, RigHost, removeStaleNamespaces } from "./host";
import { peerUrl, RIG_ETCD, RigMember, type Pulse } from "./member";
import { AddressPlan, locationName, rigMatrix, type NetworkCondition } from "./network";

/** Of its certificates; no measurement takes as long. */
const LIFETIME_DAYS = 2;

/** What a rig is made of. */
export interface RigProps {
  /** Directory of its own; removed by {@link Rig.down}. Must be on a disk whose fsync is quick: every write waits for it. */
  readonly root: string;
  readonly times: RoundTripSource;
  readonly conditions: readonly NetworkCondition[];
  readonly progress?: Progress;
}

/** A cluster to be. */
export interface ClusterProps extends Pulse {
  /** Unique in the rig. */
  readonly name: string;
  readonly condition: NetworkCondition;
  /** One member at each. @default - all of the condition's */
  readonly regions?: readonly string[];
}

/**
 * Bare etcd clusters on the lab's WAN, many at once: for experiments that need more clusters than machines can be booted.
 * The etcd, its settings, TLS and the WAN are the lab's; what stands in is the machine: a network namespace instead of a
 * booted Debian, a killed process behind a dead line instead of a pulled plug. The operator is in the network namespace of
 * this process, so there can be one rig, or lab, in each.
 */
export class Rig {
  private readonly hosts: RigHost[] = [];
  private readonly addresses: AddressPlan;

  private constructor(
    private readonly props: RigProps,
    private readonly wan: WanClient,
    private readonly authority: ThrowAwayAuthority,
    private readonly etcd: string,
    /** What clients identify themselves with. */
    public readonly client: CertificateFiles,
    private readonly priority: readonly string[],
  ) {
    this.addresses = new AddressPlan(props.conditions);
  }

  /** Starts the WAN; removes first what an interrupted rig left in the same place. */
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

  /** Founds a cluster and waits until it serves. */
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

  /** A host at a region, for clients; members get theirs with their cluster. */
  public async host(name: string, condition: NetworkCondition, region: string): Promise<RigHost> {
    const location = locationName(condition, region);
    const host = new RigHost(this.wan, this.priority, { name, location, address: this.addresses.next(location) });
    this.hosts.push(host);
    await host.create();
    return host;
  }

  /** A directory for what clients write; it goes with the rig. */
  public async scratch(name: string): Promise<string> {
    const dir = path.join(this.props.root, "clients", name);
    await mkdir(dir, { recursive: true });
    return dir;
  }

  /** What the WAN did since this was last asked; says how late this machine made it at worst. */
  public wanStats(): Promise<WanStats> {
    return this.wan.stats();
  }

  /** Ends every process, removes every namespace and file. */
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
 * A certificate for server and client use: peers are both. One authority signs those of members, peers and clients alike: the
 * rig measures time, and TLS costs the same round trips either way. That a deployed cluster keeps its two authorities apart is
 * for its own tests.
 */
function issue(authority: ThrowAwayAuthority, name: string, addresses: readonly string[]): Promise<CertificateFiles> {
  const names = [`DNS:${name}`, ...addresses.map((address) => `IP:${address}`)];
  return authority.issue(name, LIFETIME_DAYS, [
    "extendedKeyUsage=serverAuth,clientAuth",
    `subjectAltName=${names.join(",")}`,
  ]);
}

/** Removes whatever a rig at that root left, also after a crash; its etcds and clients died with their parent. */
async function removeRig(root: string): Promise<void> {
  await wanOf(root, []).stop();
  await removeStaleNamespaces();
  await rm(root, { recursive: true, force: true, maxRetries: 5 });
}

function wanOf(root: string, matrix: ReturnType<typeof rigMatrix>): WanClient {
  return new WanClient({ stateDir: path.join(root, "wan"), matrix });
}
