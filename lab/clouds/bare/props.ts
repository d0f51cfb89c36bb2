import type { HostKeyType } from "../../machines/machine-driver";
import { parseCidr } from "../../machines/firewall";
import { HOST_KEY_TYPES } from "../../machines/installation";
import { ToolError } from "../../tools/tool-error";

/** The user to log in as. */
export interface BareUser {
  readonly name: string;
  /** Whether it may become root by sudo, without a password. @default true */
  readonly sudo?: boolean;
}

/** A machine without a cloud. */
export interface BareMachineProps {
  /** Its host name too. */
  readonly name: string;
  /** A region of the lab's distances, for example "lon1". */
  readonly location: string;
  /** OpenSSH public keys that may log in, for example "ssh-ed25519 AAAA... me". */
  readonly sshKeys: readonly string[];
  /** Image slug, for example "debian-13-x64". @default - the lab's */
  readonly image?: string;
  /** @default 1 */
  readonly vcpus?: number;
  /** Memory in MiB. @default 1024 */
  readonly memoryMiB?: number;
  /**
   * Who logs in with the keys. Root is then refused with the sentence that Ubuntu's cloud images have for it.
   * @default - root
   */
  readonly user?: BareUser;
  /** Name of a second user with the same keys and no way to become root. @default - none */
  readonly otherUser?: string;
  /** SSH host keys. @default - ed25519, ecdsa and rsa, as an installation of Debian has them */
  readonly hostKeyTypes?: readonly HostKeyType[];
  /**
   * Name of the private network that it has an address in, besides a public one. Machines of one network reach each other
   * at their private addresses, wherever they are, with the round-trip times of their locations; nobody else does. The
   * network is there with the first machine that names it.
   * @default - none, or that of the machine that it is behind
   */
  readonly network?: string;
  /** Whether it forwards packets of its network to anywhere else under its own public address (NAT). @default false */
  readonly bastion?: boolean;
  /**
   * Name of the bastion that it is behind: it has an address in the bastion's network and no public one.
   * @default - none, it has a public address
   */
  readonly behind?: string;
  /**
   * A packet filter in front of it lets in SSH from these CIDRs or addresses, all that comes from its private network, and
   * nothing else; an empty list, no SSH from elsewhere.
   * @default - no packet filter
   */
  readonly sshFrom?: readonly string[];
}

/** @throws ToolError for what no machine can be made of */
export function checkProps(props: BareMachineProps, locations: readonly string[]): void {
  const { name, location, sshKeys, user, otherUser, network, bastion, behind, hostKeyTypes = HOST_KEY_TYPES } = props;
  const { sshFrom = [] } = props;
  if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name)) {
    throw new ToolError(`"${name}" is no host name.`, "Use at most 63 small letters, digits and inner hyphens.");
  }
  if (!locations.includes(location)) {
    throw new ToolError(`The lab has no location "${location}".`, `It has: ${locations.join(", ")}.`);
  }
  for (const key of sshKeys) {
    if (!/^(ssh-|ecdsa-|sk-)[\w@.-]+ [A-Za-z0-9+/]+={0,2}( [^\r\n]*)?\s*$/.test(key)) {
      throw new ToolError(`"${key}" is no OpenSSH public key.`, 'Give the line of a .pub file: "ssh-ed25519 AAAA...".');
    }
  }
  if (sshKeys.length === 0) throw new ToolError(`Nobody could log in to "${name}".`, "Give an OpenSSH public key.");
  for (const login of [user?.name, otherUser]) {
    if (login !== undefined && (!/^[a-z_][a-z0-9_-]{0,30}$/.test(login) || login === "root")) {
      throw new ToolError(`"${login}" is no name for a user besides root.`, "Use small letters, digits and hyphens.");
    }
  }
  if (user !== undefined && user.name === otherUser) {
    throw new ToolError(`Two users of "${name}" have the name "${user.name}".`, "Give one of them another.");
  }
  if (network !== undefined && !/^[a-z0-9][a-z0-9-]*$/.test(network)) {
    throw new ToolError(`"${network}" is no name of a network.`, "Use small letters, digits and hyphens.");
  }
  if (hostKeyTypes.length === 0 || hostKeyTypes.some((type) => !HOST_KEY_TYPES.includes(type))) {
    throw new ToolError(
      `"${hostKeyTypes.join(", ")}" are no types of host keys.`,
      `Give one or more of ${HOST_KEY_TYPES.join(", ")}.`,
    );
  }
  for (const source of sshFrom) {
    if (parseCidr(source) === undefined) {
      throw new ToolError(`"${source}" is neither an IP address nor a CIDR.`, "Give 198.18.0.1 or 198.18.0.0/15, say.");
    }
  }
  if (bastion === true && (network === undefined || behind !== undefined)) {
    throw new ToolError(
      `The bastion "${name}" needs a private network to forward for, and a public address.`,
      "Give a network, and none that it is behind.",
    );
  }
  if (behind !== undefined && network !== undefined) {
    throw new ToolError(
      `"${name}" is in the network of the bastion "${behind}", and in no other.`,
      "Leave the network out.",
    );
  }
}
