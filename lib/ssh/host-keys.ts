import { createHash } from "node:crypto";
import { isLate } from "../validation";
import { SshBastion, SshConnection } from "../ssh-connection";

/** Type and key in base64, as authorized_keys and ssh-keyscan write them. */
const KEY = /(?:^|\s)((?:ssh|ecdsa|sk)-[A-Za-z0-9@.-]+ [A-Za-z0-9+/]+={0,2})(?:\s|$)/;

/**
 * A host key without what is around it: the host before it, a comment behind it. Undefined for a line that holds none. One that only
 * Terraform knows is taken as it is.
 */
export function bareHostKey(line: string): string | undefined {
  return isLate(line) ? line : KEY.exec(line)?.[1];
}

/** Host keys without what is around them, and without ssh-keyscan's comments. */
export function bareHostKeys(lines: readonly string[]): string[] {
  return lines.flatMap((line) => bareHostKey(line) ?? []);
}

/** A machine as known_hosts names it. */
function knownAs({ host, port = 22 }: Pick<SshConnection, "host" | "port">): string {
  return port === 22 ? host : `[${host}]:${port}`;
}

function linesOf(machine: SshConnection | SshBastion): string[] {
  return bareHostKeys(machine.hostKeys).map((key) => `${knownAs(machine)} ${key}`);
}

const NOBODYS_TYPE = "sk-ssh-ed25519@openssh.com";

/**
 * A host key that nobody has: of a type that no host is asked for. Its 32 octets are the SHA-256 of "nobody", which is no point of the
 * curve: nothing can be signed with it.
 */
export const NOBODYS_KEY = `${NOBODYS_TYPE} ${sshFields(NOBODYS_TYPE, createHash("sha256").update("nobody").digest(), "ssh:")}`;

/** Fields of a key, each after its length (RFC 4253), in base64. */
function sshFields(...fields: (string | Buffer)[]): string {
  const parts = fields
    .map((one) => Buffer.from(one as string))
    .flatMap((one) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(one.length);
      return [length, one];
    });
  return Buffer.concat(parts).toString("base64");
}

/**
 * What Terraform is given as the host key of a machine: the key alone where there is one; else lines of known_hosts, as it writes the
 * text into such a file, behind the address of whomever it connects to.
 *
 * Terraform up to 1.11 and OpenTofu up to 1.12 at least check a bastion by the machine's text and look at no other. The key at the
 * beginning counts for both then, and of each type the first key counts: so it is nobody's, and the lines below name each machine.
 */
export function pinnedHostKey(connection: SshConnection): string | undefined {
  const keys = bareHostKeys(connection.hostKeys);
  if (keys.length === 0) return undefined;
  if (connection.bastion === undefined && keys.length === 1) return keys[0];
  return [NOBODYS_KEY, ...linesOf(connection), ...(connection.bastion ? linesOf(connection.bastion) : [])].join("\n");
}

/** The same of a bastion, for versions of Terraform that check it by a text of its own. */
export function pinnedBastionKey(bastion: SshBastion): string {
  return [NOBODYS_KEY, ...linesOf(bastion)].join("\n");
}
