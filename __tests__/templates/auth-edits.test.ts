import { writeFileSync } from "node:fs";
import * as path from "node:path";
import * as fc from "fast-check";
import { runCommand } from "../tools";
import { describeOnLinux, scratchDirectory, TEMPLATES } from "./render";

jest.setTimeout(60_000);

/** Users, roles and permissions, as etcd has them, with names in clear. */
class Access {
  public enabled = false;
  public readonly users = new Set<string>();
  /** Of each role: read or readwrite, by the range of keys. */
  public readonly roles = new Map<string, Map<string, string>>();
  /** "USER ROLE" */
  public readonly grants = new Set<string>();

  public copy(): Access {
    const copy = new Access();
    copy.enabled = this.enabled;
    this.users.forEach((user) => copy.users.add(user));
    this.roles.forEach((permissions, role) => copy.roles.set(role, new Map(permissions)));
    this.grants.forEach((grant) => copy.grants.add(grant));
    return copy;
  }

  public lines(): string[] {
    return [
      `enabled ${this.enabled ? "yes" : "no"}`,
      ...[...this.users].map((user) => `user ${hex(user)}`),
      ...[...this.roles.keys()].map((role) => `role ${hex(role)}`),
      ...[...this.roles].flatMap(([role, ranges]) =>
        [...ranges].map(([range, type]) => `permission ${hex(role)} ${type} ${range}`),
      ),
      ...[...this.grants].map((grant) => `grant ${grant.split(" ").map(hex).join(" ")}`),
    ];
  }

  /** What a role permits: "read RANGE" and "write RANGE". */
  public through(role: string): Set<string> {
    const may = new Set<string>();
    for (const [range, type] of this.roles.get(role) ?? []) {
      may.add(`read ${range}`);
      if (type === "readwrite") may.add(`write ${range}`);
    }
    return may;
  }

  /** What a user may do, in the same words. */
  public of(user: string): Set<string> {
    const held = [...this.roles.keys()].filter((role) => this.users.has(user) && this.grants.has(`${user} ${role}`));
    return new Set(held.flatMap((role) => [...this.through(role)]));
  }

  /** Does as etcd does, which refuses what makes no sense. */
  public apply(edit: string): void {
    const [call, ...args] = edit.split(" ");
    const [first, second] = [plain(args.at(0) ?? ""), plain(args.at(1) ?? "")];
    const must = (fine: boolean): void => {
      if (!fine) throw new Error(`etcd would refuse ${call} ${first} ${second}`);
    };
    switch (call) {
      case "AuthEnable":
        must(this.grants.has("root root"));
        this.enabled = true;
        break;
      case "AuthDisable":
        this.enabled = false;
        break;
      case "UserAdd":
        must(!this.users.has(first));
        this.users.add(first);
        break;
      case "UserDelete":
        must(this.users.has(first) && !(this.enabled && first === "root"));
        this.users.delete(first);
        for (const grant of this.grants) if (grant.startsWith(`${first} `)) this.grants.delete(grant);
        break;
      case "RoleAdd":
        must(!this.roles.has(first));
        this.roles.set(first, new Map());
        break;
      case "RoleDelete":
        must(this.roles.has(first) && !(this.enabled && first === "root"));
        this.roles.delete(first);
        for (const grant of this.grants) if (grant.endsWith(` ${first}`)) this.grants.delete(grant);
        break;
      case "UserGrantRole":
        must(this.users.has(first) && this.roles.has(second));
        this.grants.add(`${first} ${second}`);
        break;
      case "UserRevokeRole":
        must(this.grants.has(`${first} ${second}`) && !(this.enabled && first === "root" && second === "root"));
        this.grants.delete(`${first} ${second}`);
        break;
      case "RoleGrantPermission":
        must(this.roles.has(first));
        this.roles.get(first)?.set(`${args[2]} ${args[3]}`, args[1]);
        break;
      case "RoleRevokePermission":
        must(this.roles.get(first)?.delete(`${args[1]} ${args[2]}`) ?? false);
        break;
      default:
        throw new Error(`there is no such call: ${edit}`);
    }
  }
}

const hex = (name: string): string => Buffer.from(name).toString("hex").toUpperCase();
const plain = (name: string): string => Buffer.from(name, "hex").toString();

const CLIENT = "cdktf-etcd/client/";
const SHARED = "cdktf-etcd/role/";
const CUT = "cdktf-etcd/cut/";
const CLIENTS = ["a", "b", "c"];
const RANGES = ["2F612F 2F6130", "2F622F 2F6230", "00 00"];

const permissions = fc.dictionary(fc.constantFrom(...RANGES), fc.constantFrom("read", "readwrite"), { maxKeys: 3 });

type Ranges = Readonly<Record<string, string>>;

/** What is declared for these clients. */
function declare(clients: Readonly<Record<string, Ranges>>): Access {
  const access = new Access();
  access.enabled = true;
  access.users.add("root");
  access.roles.set("root", new Map());
  access.grants.add("root root");
  for (const [name, ranges] of Object.entries(clients)) {
    access.users.add(name);
    access.roles.set(CLIENT + name, new Map(Object.entries(ranges)));
    access.grants.add(`${name} ${CLIENT}${name}`);
  }
  return access;
}

/** What an app may declare: on, with clients, shared roles and who holds these. */
const declared = fc
  .record({
    clients: fc.dictionary(fc.constantFrom(...CLIENTS), permissions),
    shared: fc.dictionary(fc.constantFrom("r", "s"), permissions),
    holders: fc.uniqueArray(fc.constantFrom("a r", "a s", "b r", "c s")),
  })
  .map(({ clients, shared, holders }) => {
    const access = declare(clients);
    for (const [name, ranges] of Object.entries(shared))
      access.roles.set(SHARED + name, new Map(Object.entries(ranges)));
    for (const holder of holders) {
      const [user, role] = holder.split(" ");
      if (access.users.has(user) && access.roles.has(SHARED + role)) access.grants.add(`${user} ${SHARED}${role}`);
    }
    return access;
  });

const off = new Access();

/** What people have made beside it. */
function addByHand(access: Access): void {
  access.users.add("hand");
  access.roles.set("by-hand", new Map([[RANGES[0], "read"]]));
  access.grants.add("hand by-hand");
}

/** The roles that say that sessions have to end. */
const cuts = (access: Access): string[] => [...access.roles.keys()].filter((name) => name.startsWith(CUT));
/** All others. */
const roles = (access: Access): string[] => [...access.roles.keys()].filter((name) => !name.startsWith(CUT)).sort();

describeOnLinux("edits of users, roles and permissions", () => {
  const scratch = scratchDirectory();
  const library = path.join(TEMPLATES, "authorization");

  /** The edits of each round, from the first to the last. */
  function edits(actual: Access, wanted: Access): string[][] {
    const [is, be] = ["actual", "declared"].map((name) => path.join(scratch, name));
    writeFileSync(is, `${actual.lines().join("\n")}\nrevision 7\n`);
    writeFileSync(be, `${wanted.lines().join("\n")}\n`);
    const script = `. ${library}/auth-calls.sh; . ${library}/auth-edits.sh; edits ${is} ${be}`;
    const lines = runCommand("sh", ["-euc", script]).stdout.split("\n").filter(Boolean);
    return [0, 1, 2, 3, 4, 5, 6].map((round) =>
      lines.filter((line) => line.startsWith(`${round} `)).map((line) => line.slice(2)),
    );
  }

  /** Makes edits until a number of them is done, those of one round in any order, and has each state between them judged. */
  function make(
    access: Access,
    rounds: readonly string[][],
    least: boolean,
    limit: number,
    judge: (one: Access) => void,
  ): void {
    let done = 0;
    for (const round of rounds) {
      for (const edit of least ? round : [...round].reverse()) {
        if (done === limit) return;
        access.apply(edit);
        done += 1;
        judge(access);
      }
    }
  }

  it("lead to what is declared, also if they are cut off, and lock nobody out who stays", () => {
    const state = fc.oneof(declared, fc.constant(off));
    fc.assert(
      fc.property(state, state, fc.nat(20), fc.boolean(), (before, after, limit, order) => {
        const access = new Access();
        addByHand(access);
        make(access, edits(access, before), order, Infinity, () => undefined);
        const start = access.copy();
        const judge = (now: Access): void => {
          if (now.enabled) expect([...now.grants]).toContain("root root");
          // No role permits more than it did or will, and nobody has a role that is neither of before nor declared. Between the two, a
          // role has both, for those who get it and for those who lose it.
          expect([...start.grants, ...after.grants]).toEqual(expect.arrayContaining([...now.grants]));
          for (const role of now.roles.keys()) {
            expect([...start.through(role), ...after.through(role)]).toEqual(
              expect.arrayContaining([...now.through(role)]),
            );
          }
          if (!start.enabled && now.enabled) return;
          for (const user of CLIENTS) {
            const [was, is, will] = [before.of(user), now.of(user), after.of(user)];
            if (after.enabled && now.enabled) {
              expect([...is]).toEqual(expect.arrayContaining([...was].filter((one) => will.has(one))));
            }
          }
        };
        make(access, edits(access, after), order, limit, judge);
        make(access, edits(access, after), order, Infinity, judge);
        expect(edits(access, after).flat()).toEqual([]);

        const wanted = after.copy();
        addByHand(wanted);
        if (!after.enabled && before.enabled) {
          // What etcd needs for authorization stays.
          wanted.users.add("root");
          wanted.roles.set("root", new Map());
          wanted.grants.add("root root");
        }
        expect(access.enabled).toBe(after.enabled);
        expect([...access.users].sort()).toEqual([...wanted.users].sort());
        expect(roles(access)).toEqual(roles(wanted));
        expect([...access.grants].sort()).toEqual([...wanted.grants].sort());
        for (const user of CLIENTS) expect(access.of(user)).toEqual(wanted.of(user));
      }),
      { numRuns: 30 },
    );
  });

  it("leave a new role for sessions to end before anybody may do less", () => {
    fc.assert(
      fc.property(fc.oneof(declared, fc.constant(off)), declared, (before, after) => {
        const access = new Access();
        make(access, edits(access, before), true, Infinity, () => undefined);
        const start = access.copy();
        const lost = (now: Access): boolean =>
          !start.enabled
            ? now.enabled
            : CLIENTS.some((user) => [...start.of(user)].some((may) => !now.of(user).has(may)));
        make(access, edits(access, after), true, Infinity, (now) => {
          if (lost(now)) expect(cuts(now).filter((role) => !start.roles.has(role))).toHaveLength(1);
        });
        if (lost(access)) expect(cuts(access)).toHaveLength(1);
      }),
      { numRuns: 30 },
    );
  });

  it("leave none where somebody may do more, and nobody less", () => {
    const access = new Access();
    const on = declare({ a: { [RANGES[0]]: "read" } });
    make(access, edits(access, on), true, Infinity, () => undefined);
    const before = cuts(access);
    const more = declare({ a: { [RANGES[0]]: "readwrite", [RANGES[1]]: "read" }, b: { [RANGES[2]]: "read" } });
    make(access, edits(access, more), true, Infinity, () => undefined);
    expect([cuts(access), [...access.of("b")]]).toEqual([before, [`read ${RANGES[2]}`]]);
  });
});
