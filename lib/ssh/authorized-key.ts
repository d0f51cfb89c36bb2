import { isLate, requireDistinct, shown } from "../validation";
import { ValidationError } from "../validation-error";

/** The key types that sshd accepts for logins. */
const TYPES = [
  "ssh-ed25519",
  "ssh-rsa",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "sk-ssh-ed25519@openssh.com",
  "sk-ecdsa-sha2-nistp256@openssh.com",
];

/** Throws unless each of `keys` is a line of authorized_keys without options, and none is repeated. */
export function requireAuthorizedKeys(what: string, keys: readonly string[]): void {
  const known = keys.filter((key) => !isLate(key));
  for (const key of known) {
    const problem = keyProblem(key);
    if (problem === undefined) continue;
    throw new ValidationError({
      what,
      given: shown(key),
      expected: 'one line of an OpenSSH public key, for example "ssh-ed25519 AAAA... jo@laptop"',
      mend: problem,
    });
  }
  requireDistinct(
    what,
    known.map((key) => key.trim().split(/\s+/, 2).join(" ")),
    "name each key only once, whatever its comment",
  );
}

function keyProblem(key: string): string | undefined {
  if (key.includes("PRIVATE KEY")) return "give its public half, the file whose name ends in .pub";
  // eslint-disable-next-line no-control-regex -- one of them would end the line, or hide a part of it
  if (/[\u0000-\u001f\u007f]/.test(key.trim())) return "make it one line, with spaces alone between its parts";
  const [first, blob = ""] = key.trim().split(/ +/);
  if (!TYPES.includes(first)) {
    return `begin with the type (${TYPES.slice(0, 3).join(", ")}, ...): options before it are not supported`;
  }
  return isKeyOfType(first, blob) ? undefined : `copy it again: what follows ${first} is no key of that type`;
}

/** Whether the text is the complete blob of such a key in base64: fields, each after its length, the type first. */
function isKeyOfType(type: string, text: string): boolean {
  const blob = Buffer.from(text, "base64");
  if (blob.toString("base64") !== text) return false;
  const fields: Buffer[] = [];
  let at = 0;
  while (at + 4 <= blob.length) {
    const end = at + 4 + blob.readUInt32BE(at);
    fields.push(blob.subarray(at + 4, end));
    at = end;
  }
  return at === blob.length && fields.length > 1 && fields[0].toString("latin1") === type;
}
