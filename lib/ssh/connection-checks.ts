import { requireAuthorizedKeys } from "./authorized-key";
import { LOGIN_NAME } from "../terraform/writers";
import { isLate, requireInteger, requireMatch, shown } from "../validation";
import { ValidationError } from "../validation-error";
import { bareHostKey } from "./host-keys";
import { SshBastion, SshConnection, SshLogin } from "../ssh-connection";

/** A day: longer is a typing error, milliseconds for example. */
const LONGEST_WAIT_SECONDS = 86_400;

/**
 * Throws unless a machine could be logged in to like this.
 *
 * @param hostName the machine's, for messages
 */
export function requireConnection(hostName: string, connection: SshConnection): void {
  const { hostKeys, acceptAnyHostKey = false, bastion, authorizedKeys = [], timeoutSeconds = 300 } = connection;
  const of = (prop: string): string => `connection.${prop} of ${hostName}`;
  requireLogin(of, connection);
  requireHostKeys(of("hostKeys"), hostKeys, acceptAnyHostKey);
  requireAuthorizedKeys(of("authorizedKeys"), authorizedKeys);
  requireInteger(of("timeoutSeconds"), timeoutSeconds, 1, LONGEST_WAIT_SECONDS, "seconds");
  if (bastion === undefined) return;
  const ofBastion = (prop: string): string => of(`bastion.${prop}`);
  requireLogin(ofBastion, bastion);
  requireHostKeys(ofBastion("hostKeys"), bastion.hostKeys, false);
  if (hostKeys.length > 0) return;
  throw new ValidationError({
    what: of("acceptAnyHostKey"),
    given: "true, behind a bastion",
    expected: "host keys for both, or no bastion: Terraform pins both or neither",
    mend: "give hostKeys: what ssh-keyscan prints when it runs on the bastion",
  });
}

function requireLogin(of: (prop: string) => string, login: SshConnection | SshBastion): void {
  const { host, port = 22, user } = login;
  requireMatch(of("host"), host, /^\S+$/, "an address or a name", "give where the machine's sshd is reached");
  if (!isLate(port)) requireInteger(of("port"), port, 1, 65_535, "");
  requireMatch(of("user"), user, new RegExp(LOGIN_NAME), "the name of a user", "name the user that is to log in there");
  requireOneKey(of, login);
}

function requireOneKey(of: (prop: string) => string, { privateKey, privateKeyFile, agent }: SshLogin): void {
  const given = Object.entries({ privateKey, privateKeyFile, agent }).filter(
    ([, value]) => value !== undefined && value !== false,
  );
  if (given.length === 1) return;
  throw new ValidationError({
    what: of("privateKey"),
    given: given.length === 0 ? "none" : given.map(([prop]) => prop).join(" and "),
    expected: "one way to log in: privateKey, privateKeyFile or agent",
    mend:
      given.length === 0
        ? 'say where the key is, for example privateKeyFile: "~/.ssh/id_ed25519", or agent: true'
        : "take out the others",
  });
}

function requireHostKeys(what: string, hostKeys: readonly string[], any: boolean): void {
  const wrong = hostKeys.find((key) => bareHostKey(key) === undefined && !/^\s*(#|$)/.test(key));
  const none = hostKeys.every((key) => bareHostKey(key) === undefined);
  if (wrong === undefined && (any ? hostKeys.length === 0 : !none)) return;
  throw new ValidationError({
    what,
    given: wrong !== undefined ? shown(wrong) : any ? "some, along with acceptAnyHostKey" : "none",
    expected: any
      ? "either the machine's host keys, or any that it shows"
      : 'OpenSSH public keys, for example "ssh-ed25519 AAAA...": without them any machine could answer in its place',
    mend: any
      ? "take acceptAnyHostKey out"
      : "give the lines that ssh-keyscan prints, once you have seen that they are the machine's own (/etc/ssh/ssh_host_*_key.pub there)",
  });
}
