import type { IEtcdHost } from "./etcd-host";
import { requireConnection } from "./ssh/connection-checks";
import { isIpv4Address, isLate, requireDnsLabel, requireMatch, shown } from "./validation";
import { ValidationError } from "./validation-error";

/** As useradd accepts them: they become words of a shell script. */
const USER_NAME = /^[a-z_][a-z0-9_-]{0,31}$/;

/** Throws unless a machine, whoever describes it, can be one of a cluster's. */
export function requireHost(host: IEtcdHost): void {
  const { hostName, publicAddress, privateAddress, metadataReaders = [] } = host;
  requireDnsLabel("name of a host", hostName);
  const of = (prop: string): string => `${prop} of ${hostName}`;
  if (publicAddress === undefined && privateAddress === undefined) {
    throw new ValidationError({
      what: of("publicAddress"),
      given: "none, and no privateAddress",
      expected: "an address that the other members reach it at",
      mend: "give one of the two",
    });
  }
  if (publicAddress !== undefined) requireAddress(of("publicAddress"), publicAddress);
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
