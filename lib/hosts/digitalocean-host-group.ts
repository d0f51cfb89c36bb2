import { Firewall } from "@cdktf/provider-digitalocean/lib/firewall";
import { SshKey } from "@cdktf/provider-digitalocean/lib/ssh-key";
import { Tag } from "@cdktf/provider-digitalocean/lib/tag";
import { TerraformStack } from "cdktf";
import { Construct } from "constructs";
import { claim } from "../terraform/claims";
import { sayTheSameInHcl } from "../terraform/hcl-form";
import { ValidationError } from "../validation-error";
import { isWorld, requireCidr, requireDnsLabel } from "../validation";
import { requireAuthorizedKeys } from "./authorized-key";
import { keyId, LoginKeys } from "./login-keys";
import { FirewallRules, MachinesFirewall } from "./machines-firewall";
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
    sayTheSameInHcl(this);
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
    const rules = firewallRules(props, peerCidrs);
    new Firewall(this, "firewall", {
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
        { protocol: "tcp", portRange: "53", destinationAddresses: ANYWHERE },
        { protocol: "tcp", portRange: "80", destinationAddresses: ANYWHERE },
        { protocol: "tcp", portRange: "443", destinationAddresses: ANYWHERE },
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
