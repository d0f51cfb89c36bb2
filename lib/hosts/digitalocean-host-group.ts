import { Firewall } from "@cdktf/provider-digitalocean/lib/firewall";
import { SshKey } from "@cdktf/provider-digitalocean/lib/ssh-key";
import { Tag } from "@cdktf/provider-digitalocean/lib/tag";
import { TerraformStack } from "cdktf";
import { Construct } from "constructs";
import { claim } from "../terraform/claims";
import { sayTheSameInHcl } from "../terraform/hcl-form";
import {
  checkedAt,
  flag,
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
} from "../validation";
import { requireAuthorizedKeys } from "./authorized-key";
import { keyId, LoginKeys, MOST_GENERATIONS } from "./login-keys";
import { FirewallRules, MachinesFirewall } from "./machines-firewall";
import { LostStateCheck } from "./lost-state-check";
import { MachinesAtStart } from "./machines-at-start";
import { checksOfLate, Networks, requireNetworks } from "./networks";
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
  public readonly _machinesFirewall: MachinesFirewall;
  /** @internal */
  public readonly _orphans: OrphanCheck;
  /** @internal */
  public readonly _lostState: LostStateCheck;

  /**
   * @throws ValidationError if a CIDR or a key is malformed, `sshFrom` is empty or has a /0 without
   * `allowSshFromAnywhere`, or the generation of the login key is no whole number from 1 to 100; if
   * another group of the stack has the same prefix
   */
  public constructor(scope: Construct, id: string, props: DigitalOceanHostGroupProps) {
    super(scope, id);
    const networks = checkedAt(this, () => requireGroup(props));
    sayTheSameInHcl(this);
    this.namePrefix = props.namePrefix ?? "etcd";
    this.clientCidrs = props.clientsFrom ?? [];
    const peerCidrs = props.peersFrom ?? [];
    const operatorKeys = props.authorizedKeys ?? [];
    const generation = props.loginKeyGeneration ?? 1;
    requireOwnPrefix(this);

    this.tag = new Tag(this, "tag", { name: this.namePrefix });
    this._machinesAtStart = new MachinesAtStart(this, "machines-at-start", this.namePrefix);
    this._loginKeys = new LoginKeys(this, generation, this._machinesAtStart);
    this._authorizedKeys = [...this._loginKeys.authorized, ...operatorKeys];
    this._orphans = new OrphanCheck(this, "orphans", this._machinesAtStart);
    this._lostState = new LostStateCheck(this, "lost-state");
    // Machines get the next login key by their user data. DigitalOcean registers no key twice, so each generation has
    // its own SshKey.
    this.sshKey = new SshKey(this, keyId("ssh-key", generation), {
      name: keyId(this.namePrefix, generation),
      publicKey: this._loginKeys.current.publicKey,
    });
    const checks = checksOfLate(this, networks);
    const rules = firewallRules(props, peerCidrs);
    new Firewall(this, "firewall", {
      ...(checks.length > 0 ? { lifecycle: { precondition: checks } } : {}),
      name: this.namePrefix,
      tags: [this.tag.id],
      ...rules({ tags: [this.tag.id] }),
    });
    this._machinesFirewall = new MachinesFirewall(this, "machines-firewall", `${this.namePrefix}-machines`, rules);
  }
}

function firewallRules({ sshFrom, clientsFrom = [] }: DigitalOceanHostGroupProps, peerCidrs: string[]): FirewallRules {
  return ({ tags, dropletIds }) => {
    const sources = { sourceTags: tags, sourceDropletIds: dropletIds };
    return {
      inboundRule: [
        { protocol: "tcp", portRange: "22", sourceAddresses: sshFrom },
        {
          protocol: "tcp",
          portRange: "2379",
          ...sources,
          ...(clientsFrom.length > 0 ? { sourceAddresses: clientsFrom } : {}),
        },
        {
          protocol: "tcp",
          portRange: "2380",
          ...sources,
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

/** A group of the same prefix would have the same tag, and its members would reach the others'. */
function requireOwnPrefix(group: DigitalOceanHostGroup): void {
  const { namePrefix } = group;
  claim(TerraformStack.of(group), `namePrefix ${namePrefix}`, group, () => ({
    what: `namePrefix ${JSON.stringify(namePrefix)}`,
    expected: "a prefix of its own for each group: the tag, and with it the firewall, would be that of both",
    mend: 'give one of them another, for example namePrefix: "events"; or have both clusters share one group',
  }));
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
  requireAuthorizedKeys("authorizedKeys", props.authorizedKeys ?? []);
  requireInteger("loginKeyGeneration", props.loginKeyGeneration ?? 1, 1, MOST_GENERATIONS, "");
  return networks;
}
