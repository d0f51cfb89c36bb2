import { readFileSync } from "node:fs";
import { DigitaloceanProvider, type DigitaloceanProviderConfig } from "@cdktf/provider-digitalocean/lib/provider";
import { LocalProvider } from "@cdktf/provider-local/lib/provider";
import { TlsProvider } from "@cdktf/provider-tls/lib/provider";
import { type App, Fn, LocalBackend, TerraformStack } from "cdktf";
import { Construct } from "constructs";
import { SITES_NETWORK } from "terraform-lab";
import {
  AuthorityGeneration,
  BackupOriginProps,
  CloudInitPart,
  ClusterOrigin,
  DigitalOceanHost,
  DigitalOceanHostGroup,
  DigitalOceanSourcesProps,
  EmptyOriginProps,
  EtcdBackupProps,
  EtcdClientProps,
  EtcdCluster,
  EtcdUpkeepProps,
  EtcdVersion,
  LeaderPlacementProps,
  OwnAuthorityProps,
  PeerNetwork,
  RevokedCertificate,
  SurvivorOriginProps,
  TakeoverOriginProps,
} from "../../lib";
import { clientAt } from "./client-at";

/** Name of the stack. */
export const STACK = "test";

/** What tests vary. Plain JSON, because an app in a process of its own gets it in its environment. */
export interface Knobs {
  readonly regions?: string[];
  readonly bootTimeoutSeconds?: number;
  readonly version?: string;
  readonly sha256?: string;
  readonly quotaGiB?: number;
  readonly origin?: Origin;
  readonly generation?: number;
  readonly grpcGateway?: boolean;
  readonly extra?: Record<string, string>;
  readonly image?: string;
  readonly imageFamily?: string;
  readonly cloudInitParts?: CloudInitPart[];
  readonly clientSources?: DigitalOceanSourcesProps;
  readonly projectId?: string;
  /** The alias of the provider that all is made with; the one without an alias then has a token that is refused. */
  readonly provider?: string;
  readonly clientFiles?: boolean;
  readonly loginKeyGeneration?: number;
  readonly authorizedKeys?: string[];
  readonly leader?: LeaderPlacementProps;
  readonly leafValidityDays?: number;
  readonly clientAuthority?: AuthorityStage;
  readonly ownClientAuthorities?: OwnAuthorityFiles[];
  readonly peerAuthority?: AuthorityStage;
  /** Serial numbers of certificates. */
  readonly revoked?: string[];
  readonly revokedPeers?: string[];
  readonly serverNames?: string[];
  readonly peerNetwork?: PeerNetwork;
  readonly vpcIds?: Record<string, string>;
  readonly peersFrom?: string[];
  readonly backup?: EtcdBackupProps;
  readonly upkeep?: EtcdUpkeepProps;
  readonly authorization?: boolean;
  /** Clients beside the operator and those of the sites, and what they may do, by their names. */
  readonly clients?: Record<string, EtcdClientProps>;
  /** Regions of a second cluster, for Kubernetes' events, whose machines are in the first one's group. */
  readonly events?: string[];
  /** Locations of clients on the WAN; see lab/sites.ts. */
  readonly clientSites?: string[];
}

/** A call of one of AuthorityGeneration's functions, as data. */
export interface AuthorityStage {
  readonly stage: "of" | "introducing" | "signing";
  readonly generation: number;
}

/** An authority of one's own, by its files. */
export interface OwnAuthorityFiles {
  readonly generation: number;
  readonly certificate: string;
  readonly privateKey: string;
  readonly chain?: string;
}

/** Its certificate and key are read by Terraform, as where another tool keeps them. */
const ownAuthority = ({ generation, certificate, privateKey, chain }: OwnAuthorityFiles): OwnAuthorityProps => ({
  generation,
  certificatePem: Fn.file(certificate),
  privateKeyPem: Fn.sensitive(Fn.file(privateKey)) as string,
  chainPem: chain === undefined ? undefined : readFileSync(chain, "utf8"),
});

const authority = (at?: AuthorityStage): AuthorityGeneration | undefined =>
  at && AuthorityGeneration[at.stage](at.generation);

/** A call of one of ClusterOrigin's functions, as data. */
export type Origin =
  | { readonly empty: EmptyOriginProps }
  | { readonly fromBackup: BackupOriginProps }
  | { readonly fromSurvivor: SurvivorOriginProps }
  | { readonly takeOver: TakeoverOriginProps };

/** What the call returns. */
export function originOf(origin: Origin): ClusterOrigin {
  if ("empty" in origin) return ClusterOrigin.empty(origin.empty);
  if ("fromBackup" in origin) return ClusterOrigin.fromBackup(origin.fromBackup);
  if ("fromSurvivor" in origin) return ClusterOrigin.fromSurvivor(origin.fromSurvivor);
  return ClusterOrigin.takeOver(origin.takeOver);
}

/** A stack whose state is in the lab, with the providers that clusters need wherever their machines are. */
export function cloudlessStack(app: App, name: string, env: Readonly<Record<string, string>>): TerraformStack {
  const stack = new TerraformStack(app, name);
  new LocalBackend(stack, { path: `${env.ETCD_STATE_DIRECTORY}/terraform.${name}.tfstate` });
  new TlsProvider(stack, "tls");
  new LocalProvider(stack, "local");
  return stack;
}

/** The same, with DigitalOcean's provider. */
export function labStack(
  app: App,
  name: string,
  env: Readonly<Record<string, string>>,
  account: DigitaloceanProviderConfig = {},
): TerraformStack {
  const stack = cloudlessStack(app, name, env);
  new DigitaloceanProvider(stack, "digitalocean", account);
  return stack;
}

/** The etcd that the lab has built, from its mirror; or another one. */
export function labRelease(env: Readonly<Record<string, string>>, { version, sha256 }: Knobs = {}) {
  return {
    version: EtcdVersion.of(version ?? env.ETCD_VERSION, { amd64: sha256 ?? env.ETCD_TARBALL_SHA256 }),
    download: { mirror: env.ETCD_MIRROR, allowInsecureMirror: true },
  };
}

/**
 * The cluster of main.ts, varied by knobs.
 *
 * @param env as Lab.environment returns it
 */
export function declareCluster(app: App, knobs: Knobs, env: Readonly<Record<string, string>>): void {
  const stack = labStack(app, STACK, env, knobs.provider === undefined ? {} : { token: "no token" });
  const provider =
    knobs.provider === undefined
      ? undefined
      : new DigitaloceanProvider(stack, knobs.provider, { alias: knobs.provider });
  const release = labRelease(env, knobs);
  const cluster = new EtcdCluster(stack, "etcd", {
    ...release,
    hosts: DigitalOceanHost.inRegions(stack, knobs.regions ?? ["lon1", "nyc3", "sgp1"], {
      sshFrom: [env.ETCD_SSH_FROM],
      clientsFrom: [env.ETCD_CLIENTS_FROM, ...(knobs.clientSites === undefined ? [] : [SITES_NETWORK])],
      peersFrom: knobs.peersFrom,
      bootTimeoutSeconds: knobs.bootTimeoutSeconds,
      clientSources: knobs.clientSources,
      image: knobs.image,
      imageFamily: knobs.imageFamily,
      cloudInitParts: knobs.cloudInitParts,
      projectId: knobs.projectId,
      provider,
      generation: knobs.generation,
      loginKeyGeneration: knobs.loginKeyGeneration,
      authorizedKeys: knobs.authorizedKeys,
      vpcIds: knobs.vpcIds,
    }),
    authorization: knobs.authorization,
    settings: { quotaGiB: knobs.quotaGiB, grpcGateway: knobs.grpcGateway, extra: knobs.extra },
    pki: {
      leafValidityDays: knobs.leafValidityDays,
      serverNames: knobs.serverNames,
      clientAuthority: authority(knobs.clientAuthority),
      ownClientAuthorities: knobs.ownClientAuthorities?.map(ownAuthority),
      peerAuthority: authority(knobs.peerAuthority),
      revoked: knobs.revoked?.map((serial) => RevokedCertificate.bySerial(serial)),
      revokedPeers: knobs.revokedPeers?.map((serial) => RevokedCertificate.bySerial(serial)),
    },
    accessDirectory: env.ETCD_ACCESS_DIRECTORY,
    clientFiles: knobs.clientFiles,
    origin: knobs.origin && originOf(knobs.origin),
    peerNetwork: knobs.peerNetwork,
    leader: knobs.leader,
    backup: knobs.backup,
    upkeep: knobs.upkeep,
  });
  const trusted = knobs.authorization === true ? { everything: true } : {};
  cluster.addClient("operator", trusted);
  for (const [name, props] of Object.entries(knobs.clients ?? {})) cluster.addClient(name, props);
  if (knobs.events !== undefined) {
    const group = stack.node.findChild("hosts");
    if (!(group instanceof DigitalOceanHostGroup)) throw new Error("inRegions has no group");
    const events = new Construct(stack, "events-hosts");
    new EtcdCluster(stack, "events", {
      ...release,
      hosts: knobs.events.map(
        (region) => new DigitalOceanHost(events, region, { group, region, hostName: `etcd-events-${region}` }),
      ),
      accessDirectory: `${env.ETCD_ACCESS_DIRECTORY}/events`,
    }).addClient("operator");
  }
  for (const location of knobs.clientSites ?? []) cluster.addClient(clientAt(location), { from: location, ...trusted });
}
