import { Firewall } from "@cdktf/provider-digitalocean/lib/firewall";
import { SshKey } from "@cdktf/provider-digitalocean/lib/ssh-key";
import { Tag } from "@cdktf/provider-digitalocean/lib/tag";
import { PrivateKey } from "@cdktf/provider-tls/lib/private-key";
import { Construct } from "constructs";
import { ValidationError } from "../validation-error";
import { isWorld, requireCidr, requireDnsLabel } from "../validation";
import { LostStateCheck } from "./lost-state-check";
import { MachinesAtStart } from "./machines-at-start";
import { OrphanCheck } from "./orphan-check";
import { OpensshKeyPair, opensshKeyPair } from "./ssh-host-key";

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
   * Networks of etcd members that are no machines of this group, in CIDR form, for example those of a cluster that is taken
   * over: they reach port 2380, and are reached at 2379 and 2380.
   * @default - none
   */
  readonly peersFrom?: string[];
  /**
   * Accept a /0 in `sshFrom`. SSH is then open to the whole Internet, guarded by the key alone.
   * @default false
   */
  readonly allowSshFromAnywhere?: boolean;
  /**
   * Name of the tag, the SSH key and the firewall, and the first part of the machines' names. A DNS label, unique in
   * the DigitalOcean account.
   * @default "etcd"
   */
  readonly namePrefix?: string;
}

/**
 * What the droplets of one cluster share: the tag that makes them members, the firewall bound to that tag, and the SSH
 * key pair that the deploy logs in with.
 */
export class DigitalOceanHostGroup extends Construct {
  /** First part of the machines' names. */
  public readonly namePrefix: string;
  /** CIDRs of the clients admitted on 2379. */
  public readonly clientCidrs: string[];
  /** The tag that every machine of the group carries. */
  public readonly tag: Tag;
  /** The public half of the deploy's key, as DigitalOcean knows it. */
  public readonly sshKey: SshKey;
  /** @internal */
  public readonly _loginKey: OpensshKeyPair;
  /** @internal */
  public readonly _machinesAtStart: MachinesAtStart;
  /** @internal */
  public readonly _orphans: OrphanCheck;
  /** @internal */
  public readonly _lostState: LostStateCheck;

  /** @throws ValidationError if a CIDR is malformed, `sshFrom` is empty or it is open to the world unasked. */
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

    const login = new PrivateKey(this, "login-key", { algorithm: "ED25519" });
    this._loginKey = opensshKeyPair(login);
    this.tag = new Tag(this, "tag", { name: this.namePrefix });
    this._machinesAtStart = new MachinesAtStart(this, "machines-at-start", this.namePrefix);
    this._orphans = new OrphanCheck(this, "orphans", this._machinesAtStart);
    this._lostState = new LostStateCheck(this, "lost-state");
    this.sshKey = new SshKey(this, "ssh-key", { name: this.namePrefix, publicKey: this._loginKey.publicKey });
    new Firewall(this, "firewall", {
      name: this.namePrefix,
      tags: [this.tag.id],
      inboundRule: [
        { protocol: "tcp", portRange: "22", sourceAddresses: props.sshFrom },
        {
          protocol: "tcp",
          portRange: "2379",
          sourceTags: [this.tag.id],
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
        // Each other.
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
