import { mkdir } from "node:fs/promises";
import * as path from "node:path";
import { EtcdVersion } from "../../lib/etcd-version";
import { EtcdLogLevel, renderSettings } from "../../lib/etcd-settings";
import { BareEtcd } from "../etcd/bare-etcd";
import type { CertificateFiles } from "../etcd/throw-away-authority";
import { EtcdApi } from "./etcd-api";
import type { RigHost } from "./host";

/** The lab's etcd, the library's default. */
export const RIG_ETCD = EtcdVersion.V3_6_14;

/** etcd's two timeouts, in milliseconds. */
export interface Pulse {
  readonly heartbeatMs: number;
  readonly electionMs: number;
}

/** Properties of a member. */
export interface MemberProps {
  readonly region: string;
  readonly host: RigHost;
  readonly pulse: Pulse;
  /** `name=peer URL` of all first members, for ETCD_INITIAL_CLUSTER. */
  readonly initialCluster: string;
  /** Its own server and peer certificate. */
  readonly certificate: CertificateFiles;
  /** Client certificate for requests to it. */
  readonly client: CertificateFiles;
  /** Path of etcd. */
  readonly etcd: string;
  /** Directory of its data directory and its log. */
  readonly dir: string;
}

/** A member of a bare cluster: the lab's etcd with the library's settings, but without a machine and systemd. */
export class RigMember {
  public readonly api: EtcdApi;
  private process?: BareEtcd;
  private powered = true;

  public constructor(private readonly props: MemberProps) {
    this.api = new EtcdApi(props.host.address, props.client);
  }

  public get region(): string {
    return this.props.region;
  }
  /** The host that it runs on. */
  public get host(): RigHost {
    return this.props.host;
  }
  /** Whether its host has power. */
  public get isPowered(): boolean {
    return this.powered;
  }
  /** Its client URL. */
  public get endpoint(): string {
    return clientUrl(this.props.host);
  }

  /** Starts etcd: the first time with an empty data directory, after that with its data. */
  public async start(): Promise<void> {
    const { host, dir, etcd: program } = this.props;
    await mkdir(dir, { recursive: true });
    this.api.reset();
    const [log, environment] = [path.join(dir, "etcd.log"), this.environment()];
    this.process = BareEtcd.start({ program, environment, log, host, answers: () => this.api.healthy() });
  }

  /** Waits until it serves linearizable reads, and so has applied all of the leader's entries. */
  public async untilHealthy(timeoutMs: number): Promise<void> {
    if (this.process === undefined) throw new Error(`${this.props.host.name} was never started`);
    await this.process.untilAnswers(timeoutMs);
  }

  /** Cuts the host's power; see {@link RigHost.losePower}. */
  public losePower(): Promise<void> {
    this.powered = false;
    return this.props.host.losePower();
  }

  /** Restores the power, and starts etcd with the data on disk. */
  public async returnPower(): Promise<void> {
    await this.props.host.returnPower();
    this.powered = true;
    await this.start();
  }

  /**
   * The library's settings, except the log level, as at "info" etcd logs every write above 100 ms, which most are here; and
   * without the JSON gateway, which is not needed.
   */
  private environment(): NodeJS.ProcessEnv {
    const { host, pulse, certificate, initialCluster, dir } = this.props;
    return {
      ...renderSettings({ logLevel: EtcdLogLevel.WARN, grpcGateway: false }, RIG_ETCD, []),
      // As on a machine with one processor: with dozens of members, Go's search for work on all processors would add up.
      GOMAXPROCS: "1",
      ETCD_NAME: host.name,
      ETCD_DATA_DIR: path.join(dir, "data"),
      ETCD_LISTEN_CLIENT_URLS: "https://0.0.0.0:2379",
      ETCD_LISTEN_PEER_URLS: "https://0.0.0.0:2380",
      ETCD_ADVERTISE_CLIENT_URLS: clientUrl(host),
      ETCD_INITIAL_ADVERTISE_PEER_URLS: peerUrl(host),
      ETCD_INITIAL_CLUSTER: initialCluster,
      ETCD_INITIAL_CLUSTER_STATE: "new",
      ETCD_HEARTBEAT_INTERVAL: String(pulse.heartbeatMs),
      ETCD_ELECTION_TIMEOUT: String(pulse.electionMs),
      ETCD_TRUSTED_CA_FILE: certificate.ca,
      ETCD_CERT_FILE: certificate.cert,
      ETCD_KEY_FILE: certificate.key,
      ETCD_CLIENT_CERT_AUTH: "true",
      ETCD_PEER_TRUSTED_CA_FILE: certificate.ca,
      ETCD_PEER_CERT_FILE: certificate.cert,
      ETCD_PEER_KEY_FILE: certificate.key,
      ETCD_PEER_CLIENT_CERT_AUTH: "true",
    };
  }
}

function clientUrl(host: RigHost): string {
  return `https://${host.address}:2379`;
}

/** The URL at which other members reach it. */
export function peerUrl(host: RigHost): string {
  return `https://${host.address}:2380`;
}
