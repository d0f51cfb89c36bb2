import { CLIENT_ROLE, ROOT, SHARED_ROLE } from "./declared-access";
import { hexadecimal } from "./permission-props";

/** What somebody may do with keys: etcd's words; "administrator" for etcd's role `root`, "nothing" for a role that permits nothing. */
export type Right = "read" | "write" | "readwrite" | "administrator" | "nothing";

/** What one user may do through one role, as it is declared and as it is. */
export interface ComparedRight {
  /** The user's name; missing for a role that nobody has. Names and keys are in hexadecimal, as they may hold any octet. */
  readonly user?: string;
  readonly role: string;
  /** The range of keys; missing where it is none: an administrator's, or a role without permissions. */
  readonly range?: { readonly key: string; readonly end: string };
  /** Missing if it is not declared. */
  readonly declared?: Right;
  /** Missing if it is not there. */
  readonly actual?: Right;
  /** Whether the user, or the role that nobody has, was made by hand: it is none of the code's. */
  readonly byHand: boolean;
}

/** Who may do what, as it is declared and as it is. */
export interface ComparedAccess {
  /** Whether authorization is on. What is declared is missing where the code says nothing of it. */
  readonly enabled: { readonly declared?: boolean; readonly actual: boolean };
  readonly rights: readonly ComparedRight[];
  /** Whether what is there is other than what is declared, in anything but what was made by hand beside it. */
  readonly drifted: boolean;
}

/** Of roles of ours that are marks, and no permissions: templates/authorization/auth-calls.sh has them. */
const CUT_ROLE = hexadecimal("cdktf-etcd/cut/");
const [CLIENT, SHARED, ROOT_HEX] = [CLIENT_ROLE, SHARED_ROLE, ROOT].map(hexadecimal);

/**
 * Compares what is declared with what is there.
 *
 * @param declared lines, as templates/authorization/authorize.sh reads them; undefined if nothing is
 * @param actual lines, as `authorize --show` prints them
 */
export function compareAccess(declared: readonly string[] | undefined, actual: readonly string[]): ComparedAccess {
  const [ought, is] = [new Lines(declared ?? []), new Lines(actual)];
  const enabled = { ...(declared === undefined ? {} : { declared: ought.enabled }), actual: is.enabled };
  const rights = [...rightsOfUsers(ought, is), ...rightsOfNobody(ought, is)];
  const drifted =
    declared !== undefined && (enabled.declared !== enabled.actual || rights.some((right) => isDrift(right)));
  return { enabled, rights, drifted };
}

/** Whether something is missing there, or is there without being declared, that the code is about. */
export function isDrift({ declared, actual, byHand }: ComparedRight): boolean {
  return !byHand && declared !== actual;
}

function rightsOfUsers(ought: Lines, is: Lines): ComparedRight[] {
  return union(ought.users, is.users).flatMap((user) => {
    // A user of ours has a role of its own, whose name tells.
    const byHand = !ought.users.has(user) && !is.has(user, CLIENT + user);
    const roles = union(ought.rolesOf(user), is.rolesOf(user));
    if (roles.length === 0) return [{ user, role: "", actual: "nothing" as const, byHand }];
    const rights = roles.flatMap((role) =>
      rightsThrough(role, ought.has(user, role) ? ought : undefined, is.has(user, role) ? is : undefined),
    );
    // A role that permits nothing on either side says nothing, unless it is missing on one.
    const saying = rights.filter(({ declared, actual }) => declared !== "nothing" || actual !== "nothing");
    return (saying.length > 0 ? saying : rights).map((right) => ({ ...right, user, byHand }));
  });
}

/** Roles that no user has, neither as it is declared nor as it is. */
function rightsOfNobody(ought: Lines, is: Lines): ComparedRight[] {
  const held = new Set([...ought.users, ...is.users].flatMap((user) => [...ought.rolesOf(user), ...is.rolesOf(user)]));
  return union(ought.roles, is.roles)
    .filter((role) => !held.has(role) && !role.startsWith(CUT_ROLE))
    .flatMap((role) =>
      rightsThrough(role, ought.roles.has(role) ? ought : undefined, is.roles.has(role) ? is : undefined).map(
        (right) => ({
          ...right,
          byHand: !ought.roles.has(role) && !role.startsWith(CLIENT) && !role.startsWith(SHARED),
        }),
      ),
    );
}

/** What a role permits, on those sides where somebody has it. */
function rightsThrough(role: string, ought?: Lines, is?: Lines): Omit<ComparedRight, "byHand">[] {
  if (role === ROOT_HEX) {
    return [{ role, declared: ought && "administrator", actual: is && "administrator" }];
  }
  const [declared, actual] = [ought?.permissionsOf(role), is?.permissionsOf(role)];
  const ranges = union(declared?.keys() ?? [], actual?.keys() ?? []);
  if (ranges.length === 0) return [{ role, declared: ought && "nothing", actual: is && "nothing" }];
  return ranges.map((range) => {
    const [key, end] = range.split(" ");
    return { role, range: { key, end }, declared: declared?.get(range), actual: actual?.get(range) };
  });
}

/** The lines, by what they are about. */
class Lines {
  public enabled = false;
  public readonly users = new Set<string>();
  public readonly roles = new Set<string>();
  private readonly grants = new Map<string, Set<string>>();
  private readonly permissions = new Map<string, Map<string, Right>>();

  public constructor(lines: readonly string[]) {
    for (const line of lines) {
      const [kind, name, ...rest] = line.split(" ");
      if (kind === "enabled") this.enabled = name === "yes";
      else if (kind === "user") this.users.add(name);
      else if (kind === "role") this.roles.add(name);
      else if (kind === "grant") this.grants.set(name, this.rolesOf(name).add(rest[0]));
      else if (kind === "permission") {
        const [right, key, end] = rest;
        this.permissions.set(name, this.permissionsOf(name).set(`${key} ${end}`, right as Right));
      }
    }
  }

  public rolesOf(user: string): Set<string> {
    return this.grants.get(user) ?? new Set();
  }

  public has(user: string, role: string): boolean {
    return this.rolesOf(user).has(role);
  }

  /** By range, as the lines have it. */
  public permissionsOf(role: string): Map<string, Right> {
    return this.permissions.get(role) ?? new Map<string, Right>();
  }
}

function union(a: Iterable<string>, b: Iterable<string>): string[] {
  return [...new Set([...a, ...b])].sort();
}
