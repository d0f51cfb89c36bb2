import {
  finite,
  flag,
  lateNumber,
  lateText,
  list,
  Reader,
  required,
  secret,
  shape,
  ShapeOf,
  written,
} from "./validation";

/** How to show a machine who logs in to it. Exactly one of the three. */
export interface SshLogin {
  /**
   * PEM or OpenSSH private key that the user accepts; sensitive. It lies in the state.
   * @default - none
   */
  readonly privateKey?: string;
  /**
   * File with such a key, without a passphrase, on whichever machine runs Terraform: absolute, relative to where the app runs, or
   * beginning with "~/". The key does not get into the state.
   * @default - none
   */
  readonly privateKeyFile?: string;
  /**
   * Whether the keys are those of the SSH agent of whoever runs Terraform (SSH_AUTH_SOCK).
   * @default false
   */
  readonly agent?: boolean;
}

/** A machine that is logged in to on the way to another one. It has to let its users open TCP connections (AllowTcpForwarding). */
export interface SshBastion extends SshLogin {
  /** Address to connect to. */
  readonly host: string;
  /**
   * TCP port of sshd.
   * @default 22
   */
  readonly port?: number;
  /** User there, who needs no rights. */
  readonly user: string;
  /**
   * Its public host keys, as {@link SshConnection.hostKeys}. Pinned: another bastion is refused.
   */
  readonly hostKeys: string[];
}

/** How to log in to a machine over SSH, as root or as a user with root's rights. */
export interface SshConnection extends SshLogin {
  /** Address to connect to; from the bastion, where there is one. */
  readonly host: string;
  /**
   * TCP port of sshd.
   * @default 22
   */
  readonly port?: number;
  /** `root`, or a user whom sudo lets do everything without a password. */
  readonly user: string;
  /**
   * Public host keys in authorized_keys form, or as ssh-keyscan prints them. Pinned: a machine with others is refused. A machine with
   * keys of several types needs all of them in here, unless deploys configure its sshd: it then offers the first alone.
   */
  readonly hostKeys: string[];
  /**
   * Accept whatever host key the machine shows, with no `hostKeys`: any machine could answer in its place, and get its keys.
   * @default false
   */
  readonly acceptAnyHostKey?: boolean;
  /**
   * A machine that is logged in to first, where this one can't be reached from where Terraform runs.
   * @default - none
   */
  readonly bastion?: SshBastion;
  /**
   * Public keys that the user accepts, each as one line of authorized_keys without options: each deploy writes them to
   * the user's `~/.ssh/authorized_keys`, in place of those that an earlier one wrote. Other keys in there stay.
   * @default - the file is left alone
   */
  readonly authorizedKeys?: string[];
  /**
   * Whether deploys configure the machine's sshd to offer no host key but the first of `hostKeys`, and to allow neither passwords nor
   * forwarding. Where sshd does not have that key, it is left alone in any case.
   * @default true
   */
  readonly configureSshd?: boolean;
  /**
   * How long to wait until the machine accepts the login, in seconds.
   * @default 300, Terraform's own default
   */
  readonly timeoutSeconds?: number;
}

const BASTION: ShapeOf<SshBastion> = {
  privateKey: secret,
  privateKeyFile: lateText,
  agent: flag,
  host: required(lateText),
  port: lateNumber,
  user: required(lateText),
  hostKeys: required(list(lateText)),
};

/** What an {@link SshBastion} is made of. */
export const SSH_BASTION: Reader = shape<SshBastion>(BASTION);

/** What an {@link SshConnection} is made of, whoever makes it. */
export const SSH_CONNECTION: Reader = shape<SshConnection>(
  {
    ...BASTION,
    acceptAnyHostKey: flag,
    bastion: SSH_BASTION,
    authorizedKeys: list(lateText),
    configureSshd: flag,
    timeoutSeconds: finite,
  },
  {
    others: true,
    former: { hostKey: { by: "hostKeys", written: ({ hostKey }) => `[${written(hostKey)}]` } },
  },
);
