import { createHash } from "node:crypto";
import { requireDistinct, requireDnsLabel, shown } from "../validation";
import { ValidationError } from "../validation-error";
import { EtcdClientPermissionProps } from "./client-permission-props";
import { EtcdRole } from "./etcd-role";
import { ALL_KEYS, EtcdPermissionProps, hexadecimal, Permission, permissionsOf } from "./permission-props";

/** Roles of ours begin so in etcd, which is how they are told from those that people made. */
export const CLIENT_ROLE = "cdktf-etcd/client/";
export const SHARED_ROLE = "cdktf-etcd/role/";
/** etcd's administrator, as user and as role: the certificate that every machine has for its own etcdctl. */
export const ROOT = "root";

/** What one client may do. */
interface ClientAccess {
  readonly permissions: readonly Permission[];
  /** Names in etcd of the roles that it has beside its own. */
  readonly roles: readonly string[];
}

/** Who may do what in a cluster: collected while the app declares it, and complete once the app is synthesized. */
export class DeclaredAccess {
  private readonly clients = new Map<string, ClientAccess>();
  private readonly roles = new Map<string, readonly Permission[]>();

  /** @param authorization undefined if nothing was said of it: etcd's authorization is then left as it is */
  public constructor(
    private readonly cluster: object,
    private readonly authorization: boolean | undefined,
  ) {}

  /** {@link EtcdCluster.addRole} */
  public addRole(name: string, props: EtcdPermissionProps): EtcdRole {
    const what = `addRole(${shown(name)})`;
    requireDnsLabel("role name", name);
    this.requireOn(what, Object.keys(props).join(", ") || "a role");
    requireDistinct("role name", [...this.roles.keys(), name], "give every role a name of its own");
    const permissions = permissionsOf(what, props);
    if (permissions.length === 0) throw nothingPermitted(what);
    this.roles.set(name, permissions);
    return EtcdRole._of(name, this.cluster);
  }

  /** Notes what a client may do. @throws ValidationError if that is not said, or can't be: authorization is off */
  public addClient(name: string, props: EtcdClientPermissionProps): void {
    const what = `addClient(${shown(name)})`;
    const { administrator = false, everything = false, roles = [] } = props;
    const permissions = permissionsOf(what, props);
    const said = Object.entries({
      read: (props.read ?? []).length > 0,
      readWrite: (props.readWrite ?? []).length > 0,
      roles: roles.length > 0,
      everything,
      administrator,
    }).flatMap(([prop, given]) => (given ? [prop] : []));
    if (this.authorization !== true) {
      if (said.length > 0) this.requireOn(what, said.join(", "));
      return;
    }
    if (said.length === 0) throw nothingPermitted(what);
    if (said.length > 1 && (everything || administrator)) {
      throw new ValidationError({
        what,
        given: said.join(" and "),
        expected: "one of everything and administrator alone, or prefixes and roles",
        mend: "leave the narrower out: the other includes it",
      });
    }
    for (const role of roles) this.requireOwn(what, role);
    this.clients.set(name, {
      permissions: everything ? [ALL_KEYS] : permissions,
      roles: administrator ? [ROOT] : roles.map(({ roleName }) => SHARED_ROLE + roleName),
    });
  }

  /** What the machines are told, one a line, as templates/authorization/auth-calls.sh explains it. Holds no secret. */
  public lines(): string[] {
    if (this.authorization !== true) return ["enabled no"];
    return [
      "enabled yes",
      ...role(ROOT, []),
      ...user(ROOT, [ROOT]),
      ...[...this.roles].flatMap(([name, permissions]) => role(SHARED_ROLE + name, permissions)),
      ...[...this.clients].flatMap(([name, { permissions, roles }]) => [
        ...role(CLIENT_ROLE + name, permissions),
        ...user(name, [CLIENT_ROLE + name, ...roles]),
      ]),
    ];
  }

  /** Changes if and only if who may do what does. */
  public digest(): string {
    return createHash("sha256").update(this.lines().sort().join("\n")).digest("hex");
  }

  private requireOn(what: string, given: string): void {
    if (this.authorization === true) return;
    throw new ValidationError({
      what,
      given: `${given} in a cluster without authorization`,
      expected: "authorization: true, as without it every client may read and write every key",
      mend: "say authorization: true where the EtcdCluster is made, or leave the permissions out",
    });
  }

  private requireOwn(what: string, one: EtcdRole): void {
    if (one._isOf(this.cluster)) return;
    throw new ValidationError({
      what: `${what}.roles`,
      given: `the role ${shown(one.roleName)} of another cluster`,
      expected: "roles of the client's own cluster",
      mend: "make it with addRole of this cluster, too",
    });
  }
}

function role(name: string, permissions: readonly Permission[]): string[] {
  const hex = hexadecimal(name);
  return [`role ${hex}`, ...permissions.map(({ type, key, end }) => `permission ${hex} ${type} ${key} ${end}`)];
}

function user(name: string, roles: readonly string[]): string[] {
  const hex = hexadecimal(name);
  return [`user ${hex}`, ...roles.map((one) => `grant ${hex} ${hexadecimal(one)}`)];
}

function nothingPermitted(what: string): ValidationError {
  return new ValidationError({
    what,
    given: "nothing that it may do",
    expected: "read, readWrite, roles, everything or administrator, as the cluster has authorization",
    mend: 'say it: readWrite: ["/app/"], read: ["/shared/"], or everything: true for all keys',
  });
}
