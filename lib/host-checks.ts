import type { IEtcdHost, SshConnection } from "./etcd-host";
import { requireAuthorizedKeys } from "./hosts/authorized-key";
import { LOGIN_NAME } from "./terraform/writers";
import { isIpv4Address, isLate, requireDnsLabel, requireInteger, shown } from "./validation";
import { ValidationError } from "./validation-error";

/** As useradd accepts them: they become words of a shell script. */
const USER_NAME = /^[a-z_][a-z0-9_-]{0,31}$/;

/** Type and key, as templates take them from its first line. */
const HOST_KEY = /^\s*[A-Za-z0-9@.-]+ \S+(\s|$)/;

/** A day: longer is a typing error, milliseconds for example. */
const LONGEST_WAIT_SECONDS = 86_400;

/** Throws unless a machine, whoever describes it, can be one of a cluster's. */
export function requireHost(host: IEtcdHost): void {
  const { hostName, publicAddress, privateAddress, metadataReaders = [] } = host;
  requireDnsLabel("name of a host", hostName);
  const of = (prop: string): string => `${prop} of ${hostName}`;
  requireAddress(of("publicAddress"), publicAddress);
  if (privateAddress !== undefined) requireAddress(of("privateAddress"), privateAddress);
  for (const address of host.addressesAtStart ?? []) requireAddress(of("addressesAtStart"), address);
  requireMatch(of("machineId"), host.machineId, /\S/, "an id that no other machine has", "take the id of its resource");
  for (const user of metadataReaders) {
    requireMatch(
      of("metadataReaders"),
      user,
      USER_NAME,
      'names of users, for example "do-agent"',
      "name users of the machine, or leave it out to have the metadata service open",
    );
  }
  requireConnection(hostName, host.connection);
}

function requireConnection(hostName: string, connection: SshConnection): void {
  const { host, port = 22, user, hostKey, authorizedKeys = [], timeoutSeconds = 300 } = connection;
  const of = (prop: string): string => `connection.${prop} of ${hostName}`;
  requireMatch(of("host"), host, /^\S+$/, "an address or a name", "give where the machine's sshd is reached");
  if (!isLate(port)) requireInteger(of("port"), port, 1, 65_535, "");
  requireMatch(
    of("user"),
    user,
    new RegExp(LOGIN_NAME),
    "the name of a user",
    "name the machine's user with root's rights",
  );
  requireMatch(
    of("hostKey"),
    hostKey,
    HOST_KEY,
    'an OpenSSH public key, for example "ssh-ed25519 AAAA..."',
    "give the public half of the machine's own key: without it any machine could answer in its place",
  );
  requireAuthorizedKeys(of("authorizedKeys"), authorizedKeys);
  requireInteger(of("timeoutSeconds"), timeoutSeconds, 1, LONGEST_WAIT_SECONDS, "seconds");
}

/** etcd listens at IPv4 addresses, and the machines' certificates name them. */
function requireAddress(what: string, address: string): void {
  if (isLate(address) || isIpv4Address(address)) return;
  throw new ValidationError({
    what,
    given: shown(address),
    expected: "an IPv4 address: etcd listens at no other here",
    mend: 'give the machine\'s IPv4 address, for example "198.51.100.7"',
  });
}

/** Throws for a text in the code that does not match. */
function requireMatch(what: string, value: string, pattern: RegExp, expected: string, mend: string): void {
  if (isLate(value) || pattern.test(value)) return;
  throw new ValidationError({ what, given: shown(value), expected, mend });
}
