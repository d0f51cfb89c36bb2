import { Droplet } from "@cdktf/provider-digitalocean/lib/droplet";
import { Firewall } from "@cdktf/provider-digitalocean/lib/firewall";
import { SshKey } from "@cdktf/provider-digitalocean/lib/ssh-key";
import { ProjectResources } from "@cdktf/provider-digitalocean/lib/project-resources";
import { Tag } from "@cdktf/provider-digitalocean/lib/tag";
import { Lazy, TerraformProvider } from "cdktf";
import { Construct } from "constructs";
import { ValidationError } from "../validation-error";
import { isWorld, requireCidr, requireDnsLabel, requireName } from "../validation";
import { DigitalOceanSourcesProps, sources } from "./digitalocean-sources";
import { requireAuthorizedKeys } from "./authorized-key";
import { keyId, LoginKeys } from "./login-keys";
import { LostStateCheck } from "./lost-state-check";
import { MachinesAtStart } from "./machines-at-start";
import { OrphanCheck } from "./orphan-check";

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
   * Name of the tag, the SSH key and the firewall, and the first part of the machines' names. A DNS label, unique in
   * the DigitalOcean account.
   * @default "etcd"
   */
  readonly namePrefix?: string;
}

/**
 * What the droplets of one cluster share: the tag that makes them members, the firewall bound to that tag, and the SSH
 * key pairs that deploys log in with.
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
  private readonly members: Droplet[] = [];

  /**
   * @throws ValidationError if a CIDR or a key is malformed, `sshFrom` is empty or has a /0 without
   * `allowSshFromAnywhere`, or the generation of the login key is no whole number from 1 to 100
   */
  public constructor(scope: Construct, id: string, props: DigitalOceanHostGroupProps) {
    super(scope, id);
    this.namePrefix = props.namePrefix ?? "etcd";
    requireDnsLabel("namePrefix", this.namePrefix);
    this.clientCidrs = props.clientsFrom ?? [];
    this.clientCidrs.forEach((cidr) => {
      requireCidr("clientsFrom", cidr);
    });
    const peerCidrs = props.peersFrom ?? [];
    peerCidrs.forEach((cidr) => {
      requireCidr("peersFrom", cidr);
    });
    requireSshSources(props);
    const operatorKeys = props.authorizedKeys ?? [];
    requireAuthorizedKeys("authorizedKeys", operatorKeys);
    const generation = props.loginKeyGeneration ?? 1;

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
    const clients = sources("clientSources", props.clientSources);
    const operators = sources("sshSources", props.sshSources);
    this.firewall = new Firewall(this, "firewall", {
      provider: this._provider,
      name: this.namePrefix,
      tags: [this.tag.id],
      inboundRule: [
        { protocol: "tcp", portRange: "22", sourceAddresses: props.sshFrom, ...operators },
        {
          protocol: "tcp",
          portRange: "2379",
          ...clients,
          sourceTags: [this.tag.id, ...(clients.sourceTags ?? [])],
          ...(this.clientCidrs.length > 0 ? { sourceAddresses: this.clientCidrs } : {}),
        },
        {
          protocol: "tcp",
          portRange: "2380",
          sourceTags: [this.tag.id],
          ...(peerCidrs.length > 0 ? { sourceAddresses: peerCidrs } : {}),
        },
      ],
      outboundRule: [
        // The members.
        {
          protocol: "tcp",
          portRange: "2379-2380",
          destinationTags: [this.tag.id],
          ...(peerCidrs.length > 0 ? { destinationAddresses: peerCidrs } : {}),
        },
        // Name resolution, packages and the release tarball, time.
        { protocol: "udp", portRange: "53", destinationAddresses: ANYWHERE },
        { protocol: "tcp", portRange: "53", destinationAddresses: ANYWHERE },
        { protocol: "tcp", portRange: "80", destinationAddresses: ANYWHERE },
        { protocol: "tcp", portRange: "443", destinationAddresses: ANYWHERE },
        { protocol: "udp", portRange: "123", destinationAddresses: ANYWHERE },
      ],
    });
    if (props.projectId !== undefined) this.intoProject(requireName("projectId", props.projectId));
  }

  /** The droplets of the group's hosts, as far as they are made. */
  public get droplets(): Droplet[] {
    return [...this.members];
  }

  /** @internal */
  public _include(droplet: Droplet): void {
    this.members.push(droplet);
    this._orphans.include(droplet);
  }

  private intoProject(project: string): void {
    new ProjectResources(this, "project", {
      provider: this._provider,
      project,
      resources: Lazy.listValue({ produce: () => this.members.map((droplet) => droplet.urn) }),
    });
  }
}

function requireSshSources(props: DigitalOceanHostGroupProps): void {
  if (props.sshFrom.length === 0) {
    throw new ValidationError({
      what: "sshFrom",
      given: "no network",
      expected: "at least one CIDR: the deploy logs in over SSH",
      mend: 'give the address you deploy from, for example ["198.51.100.7/32"]',
    });
  }
  for (const cidr of props.sshFrom) {
    requireCidr("sshFrom", cidr);
    if (isWorld(cidr) && props.allowSshFromAnywhere !== true) {
      throw new ValidationError({
        what: "sshFrom",
        given: JSON.stringify(cidr),
        expected: "networks that you know",
        mend: "name the addresses you deploy from, or say allowSshFromAnywhere: true if the whole Internet is meant",
      });
    }
  }
}
