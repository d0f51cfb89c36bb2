import { createHash } from "node:crypto";

export interface ParsedSshKey {
  /** The text without white space around it. */
  readonly text: string;
  /** MD5 of the key's blob, sixteen pairs joined by colons. */
  readonly fingerprint: string;
}

/** Field count and checks per key type, after the type name itself (RFC 4253 and 5656, OpenSSH's PROTOCOL.u2f). */
const SHAPES: Readonly<Record<string, (fields: Buffer[]) => boolean>> = {
  "ssh-ed25519": (fields) => fields.length === 1 && fields[0]?.length === 32,
  "ssh-rsa": (fields) => fields.length === 2 && fields[1].length >= 128,
  "ecdsa-sha2-nistp256": ecdsa("nistp256", 65),
  "ecdsa-sha2-nistp384": ecdsa("nistp384", 97),
  "ecdsa-sha2-nistp521": ecdsa("nistp521", 133),
  "sk-ssh-ed25519@openssh.com": (fields) => fields.length === 2 && fields[0]?.length === 32,
  "sk-ecdsa-sha2-nistp256@openssh.com": (fields) => fields.length === 3 && fields[1]?.length === 65,
};

/** Parses one line of an authorized_keys file, without options; undefined when it is not a usable key. */
export function parseSshPublicKey(given: string): ParsedSshKey | undefined {
  const text = given.trim();
  const match = /^([a-z0-9@.-]+)[ \t]+([A-Za-z0-9+/]+={0,2})([ \t][^\r\n]*)?$/.exec(text);
  const [, type = "", encoded = ""] = match ?? [];
  const blob = Buffer.from(encoded, "base64");
  const fields = lengthPrefixed(blob);
  const shape = Object.hasOwn(SHAPES, type) ? SHAPES[type] : undefined;
  if (!shape || fields?.[0]?.toString("latin1") !== type || !shape(fields.slice(1))) return undefined;
  const digest = createHash("md5").update(blob).digest("hex");
  return { text, fingerprint: digest.replace(/(..)(?=.)/g, "$1:") };
}

function ecdsa(curve: string, pointLength: number): (fields: Buffer[]) => boolean {
  return (fields) =>
    fields.length === 2 && fields[0]?.toString("latin1") === curve && fields[1]?.length === pointLength;
}

function lengthPrefixed(blob: Buffer): Buffer[] | undefined {
  const fields: Buffer[] = [];
  let at = 0;
  while (at < blob.length) {
    if (at + 4 > blob.length) return undefined;
    const end = at + 4 + blob.readUInt32BE(at);
    if (end > blob.length) return undefined;
    fields.push(blob.subarray(at + 4, end));
    at = end;
  }
  return fields;
}
