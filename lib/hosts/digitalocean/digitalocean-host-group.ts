import { Droplet } from "@cdktf/provider-digitalocean/lib/droplet";
import { Firewall } from "@cdktf/provider-digitalocean/lib/firewall";
import { SshKey } from "@cdktf/provider-digitalocean/lib/ssh-key";
import { ProjectResources } from "@cdktf/provider-digitalocean/lib/project-resources";
import { Tag } from "@cdktf/provider-digitalocean/lib/tag";
import { Fn, Lazy, TerraformProvider, Token } from "cdktf";
import { Construct } from "constructs";
import { sayTheSameInHcl } from "../../terraform/hcl-form";
import { DIGITAL_OCEAN_BLOCKS } from "./digitalocean-blocks";
import {
  checkedAt,
  constructId,
  flag,
  instance,
  lateList,
  lateText,
  list,
  number,
  read,
  requireDnsLabel,
  requireInteger,
  required,
  shape,
  ShapeOf,
  text,
} from "../../validation";
import {
  DigitalOceanSourcesProps,
  requireId,
  requireSources,
  RuleSources,
  sources,
  SOURCES,
} from "./digitalocean-sources";
import { requireAuthorizedKeys } from "../../ssh/authorized-key";
import { keyId, LoginKeys, MOST_GENERATIONS } from "./login-keys";
import { FirewallRules, MachinesFirewall } from "./machines-firewall";
import { LostStateCheck } from "./lost-state-check";
import { MachinesAtStart } from "./machines-at-start";
import { checksOfLate, Networks, requireNetworks } from "./networks";
import { OrphanCheck } from "./orphan-check";
import { requireOwnPrefix } from "./own-prefix";

const ANYWHERE = ["0.0.0.0/0", "::/0"];

/** Who may reach the machines of a group. */
export interface DigitalOceanHostGroupProps {
  /**
   * Networks that may reach port 22, in CIDR form: where you deploy from.
   */
  readonly sshFrom: string[];
  /**
   * Networks of etcd's clients, in CIDR form: they may reach port 2379, beside the members.
   * @default - members only
   */
  readonly clientsFrom?: string[];
  /**
   * Resources at DigitalOcean whose traffic may reach port 2379, beside `clientsFrom`: by tag, droplet, load balancer or
   * Kubernetes cluster.
   * @default - none
   */
  readonly clientSources?: DigitalOceanSourcesProps;
  /**
   * Resources at DigitalOcean whose traffic may reach port 22, beside `sshFrom`: a bastion host, for example.
   * @default - none
   */
  readonly sshSources?: DigitalOceanSourcesProps;
  /**
   * Networks of etcd members outside of this group, in CIDR form, for example those of a cluster that is taken over:
   * they may reach port 2380, and the group's machines reach them at 2379 and 2380.
   * @default - none
   */
  readonly peersFrom?: string[];
  /**
   * Accept a /0 in `sshFrom`. SSH is then open to the whole Internet, guarded by the key alone.
   * @default false
   */
  readonly allowSshFromAnywhere?: boolean;
  /**
   * Count up by one to rotate the key that deploys log in with: all machines accept the next key already, and the old
   * one is removed from them. Complete a deploy before each further count, and never count down; 1 to 100.
   * @default 1
   */
  readonly loginKeyGeneration?: number;
  /**
   * Public keys of operators, who may log in as root: each one line in OpenSSH's format, without options, for example
   * "ssh-ed25519 AAAA... jo@laptop". A deploy removes keys that are no longer listed from the machines; keys that were
   * added there by hand stay.
   * @default - none: the deploy's own keys alone
   */
  readonly authorizedKeys?: string[];
  /**
   * The provider for all resources at DigitalOcean, where the stack has several: one with an alias.
   * @default - the one without an alias
   */
  readonly provider?: TerraformProvider;
  /**
   * Id of the DigitalOcean project that the droplets are shown in. They stay in it when they are replaced.
   * @default - the account's default project
   */
  readonly projectId?: string;
  /**
   * Name of the tag, the SSH key and the firewalls, and the first part of the machines' names. A DNS label, unique in
   * the DigitalOcean account.
   * @default "etcd"
   */
  readonly namePrefix?: string;
}

/** A reader for each of {@link DigitalOceanHostGroupProps}. */
export const HOST_GROUP: ShapeOf<DigitalOceanHostGroupProps> = {
  sshFrom: required(lateList(lateText)),
  clientsFrom: lateList(lateText),
  peersFrom: lateList(lateText),
  allowSshFromAnywhere: flag,
  loginKeyGeneration: number,
  authorizedKeys: list(lateText),
  clientSources: SOURCES,
  sshSources: SOURCES,
  provider: instance(TerraformProvider, 'new DigitaloceanProvider(this, "eu", { alias: "eu" })'),
  projectId: lateText,
  namePrefix: text,
};

/** TCP ports of the world that machines may reach: for name resolution, packages, the release tarball, backups. */
const OUTBOUND_PORTS = [53, 80, 443];

/**
 * What the droplets of one cluster share, or of several: the tag that makes them members, the firewalls, and the SSH key
 * pairs that deploys log in with.
 */
export class DigitalOceanHostGroup extends Construct {
  /** First part of the machines' names. */
  public readonly namePrefix: string;
  /** CIDRs of the clients admitted on 2379. */
  public readonly clientCidrs: string[];
  /** The tag that every machine of the group carries. */
  public readonly tag: Tag;
  /** The public half of the deploy's key, as registered at DigitalOcean. */
  public readonly sshKey: SshKey;
  /**
   * TCP ports of the world that the firewall lets the machines reach.
   *
   * @internal
   */
  public readonly _outboundPorts = OUTBOUND_PORTS;
  /** The firewall, bound to the tag. */
  public readonly firewall: Firewall;
  /** @internal */
  public readonly _provider?: TerraformProvider;
  /** @internal */
  public readonly _loginKeys: LoginKeys;
  /**
   * All keys that root accepts.
   *
   * @internal
   */
  public readonly _authorizedKeys: string[];
  /** @internal */
  public readonly _machinesAtStart: MachinesAtStart;
  /** @internal */
  public readonly _orphans: OrphanCheck;
  /** @internal */
  public readonly _lostState: LostStateCheck;
  private readonly machinesFirewall: MachinesFirewall;
  private readonly members: Droplet[] = [];

  /**
   * @throws ValidationError if a CIDR or a key is malformed, `sshFrom` is empty or has a /0 without
   * `allowSshFromAnywhere`, or the generation of the login key is no whole number from 1 to 100; if
   * another group of the stack has the same prefix; at synthesis, if one of another stack has it in the same account
   */
  public constructor(scope: Construct, id: string, props: DigitalOceanHostGroupProps) {
    super(scope, constructId("DigitalOceanHostGroup", id));
    const networks = checkedAt(this, () => requireGroup(props));
    sayTheSameInHcl(this, DIGITAL_OCEAN_BLOCKS);
    this.namePrefix = props.namePrefix ?? "etcd";
    this.clientCidrs = props.clientsFrom ?? [];
    const operatorKeys = props.authorizedKeys ?? [];
    const generation = props.loginKeyGeneration ?? 1;
    requireOwnPrefix(this);

    this._provider = props.provider;
    this.tag = new Tag(this, "tag", { provider: this._provider, name: this.namePrefix });
    this._machinesAtStart = new MachinesAtStart(this, "machines-at-start", this.namePrefix, this._provider);
    this._loginKeys = new LoginKeys(this, generation, this._machinesAtStart);
    this._authorizedKeys = [...this._loginKeys.authorized, ...operatorKeys];
    this._orphans = new OrphanCheck(this, "orphans", this._machinesAtStart);
    this._lostState = new LostStateCheck(this, "lost-state");
    // Machines get the next login key by their user data. DigitalOcean registers no key twice, so each generation has
    // its own SshKey.
    this.sshKey = new SshKey(this, keyId("ssh-key", generation), {
      provider: this._provider,
      name: keyId(this.namePrefix, generation),
      publicKey: this._loginKeys.current.publicKey,
    });
    const checks = checksOfLate(this, networks);
    const rules = firewallRules(props);
    this.firewall = new Firewall(this, "firewall", {
      ...(checks.length > 0 ? { lifecycle: { precondition: checks } } : {}),
      provider: this._provider,
      name: this.namePrefix,
      tags: [this.tag.id],
      ...rules({ tags: [this.tag.id] }),
    });
    this.machinesFirewall = new MachinesFirewall(this, "machines-firewall", {
      provider: this._provider,
      name: `${this.namePrefix}-machines`,
      rules,
    });
    if (props.projectId !== undefined) this.intoProject(props.projectId);
  }

  /** The droplets of the group's hosts, as far as they are made. */
  public get droplets(): Droplet[] {
    return [...this.members];
  }

  /** @internal */
  public _include(droplet: Droplet): void {
    this.members.push(droplet);
    this._orphans.include(droplet);
    this.machinesFirewall.include(droplet);
  }

  private intoProject(project: string): void {
    new ProjectResources(this, "project", {
      provider: this._provider,
      project,
      resources: Lazy.listValue({ produce: () => this.members.map((droplet) => droplet.urn) }),
    });
  }
}

/** Those of both lists, the first of which may be known to Terraform alone. */
function bothLists(one: number[] | undefined, other: number[] | undefined): number[] | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Token.asNumberList(Fn.concat([one, other]));
}

function firewallRules(props: DigitalOceanHostGroupProps): FirewallRules {
  const { sshFrom, clientsFrom = [], peersFrom: peerCidrs = [] } = props;
  const [clients, operators] = [sources(props.clientSources), sources(props.sshSources)];
  return ({ tags, dropletIds }) => {
    const members: RuleSources = { sourceTags: tags, sourceDropletIds: dropletIds };
    return {
      inboundRule: [
        { protocol: "tcp", portRange: "22", ...operators, sourceAddresses: sshFrom },
        {
          protocol: "tcp",
          portRange: "2379",
          ...clients,
          sourceTags: tags === undefined ? clients.sourceTags : [...tags, ...(clients.sourceTags ?? [])],
          sourceDropletIds: bothLists(dropletIds, clients.sourceDropletIds),
          ...(clientsFrom.length > 0 ? { sourceAddresses: clientsFrom } : {}),
        },
        {
          protocol: "tcp",
          portRange: "2380",
          ...members,
          ...(peerCidrs.length > 0 ? { sourceAddresses: peerCidrs } : {}),
        },
      ],
      outboundRule: [
        // The members.
        {
          protocol: "tcp",
          portRange: "2379-2380",
          destinationTags: tags,
          destinationDropletIds: dropletIds,
          ...(peerCidrs.length > 0 ? { destinationAddresses: peerCidrs } : {}),
        },
        // Name resolution, packages and the release tarball, time.
        { protocol: "udp", portRange: "53", destinationAddresses: ANYWHERE },
        ...OUTBOUND_PORTS.map((port) => ({
          protocol: "tcp",
          portRange: String(port),
          destinationAddresses: ANYWHERE,
        })),
        { protocol: "udp", portRange: "123", destinationAddresses: ANYWHERE },
      ],
    };
  };
}

/**
 * Checks what a group is given.
 *
 * @returns the networks that its firewall admits
 */
function requireGroup(props: DigitalOceanHostGroupProps): Networks[] {
  read("", props, required(shape(HOST_GROUP)));
  requireDnsLabel("namePrefix", props.namePrefix ?? "etcd");
  const { sshFrom, clientsFrom = [], peersFrom = [] } = props;
  const open = { mayBeEmpty: true, mayBeInternet: true };
  const networks = [
    { prop: "sshFrom", cidrs: sshFrom, mayBeEmpty: false, mayBeInternet: props.allowSshFromAnywhere ?? false },
    { prop: "clientsFrom", cidrs: clientsFrom, ...open },
    { prop: "peersFrom", cidrs: peersFrom, ...open },
  ];
  networks.forEach(requireNetworks);
  if (props.projectId !== undefined) requireId("projectId", props.projectId);
  requireSources("clientSources", props.clientSources);
  requireSources("sshSources", props.sshSources);
  requireAuthorizedKeys("authorizedKeys", props.authorizedKeys ?? []);
  requireInteger("loginKeyGeneration", props.loginKeyGeneration ?? 1, 1, MOST_GENERATIONS, "");
  return networks;
}
