import { compareAccess, ComparedAccess, ComparedRight } from "../../lib/authorization/compared-access";

const hex = (text: string): string => Buffer.from(text).toString("hex").toUpperCase();

/** Lines as machines write them, from lines as people do: the words after the kind are names and keys, but for a right. */
function lines(...said: string[]): string[] {
  return said.map((line) => {
    const [kind, ...words] = line.split(" ");
    const octets = words.map((word) => (["yes", "no", "read", "readwrite", "-"].includes(word) ? word : hex(word)));
    return [kind, ...octets].join(" ");
  });
}

const ROOT = ["role root", "user root", "grant root root"];
const APP = [
  "role cdktf-etcd/client/app",
  "permission cdktf-etcd/client/app readwrite /app/ /app0",
  "user app",
  "grant app cdktf-etcd/client/app",
];
const DECLARED = ["enabled yes", ...ROOT, ...APP];

const compared = (actual: string[], declared = DECLARED): ComparedAccess =>
  compareAccess(lines(...declared), lines(...actual));

/** What is not as it is declared, as people write it. */
function drifts({ rights }: ComparedAccess): string[] {
  const text = (right: ComparedRight): string => {
    const name = (one?: string): string => (one === undefined ? "(nobody)" : Buffer.from(one, "hex").toString());
    const key = right.range === undefined ? "" : ` ${name(right.range.key)}`;
    return `${name(right.user)} ${name(right.role)}${key}: ${right.declared ?? "-"}, ${right.actual ?? "-"}`;
  };
  return rights.filter(({ byHand, declared, actual }) => !byHand && declared !== actual).map(text);
}

describe("what is there, compared with what is declared", () => {
  it("is no drift where it is the same, in whatever order, with the mark of what was taken", () => {
    const same = compared(["role cdktf-etcd/cut/1", ...DECLARED].reverse());
    expect([same.drifted, drifts(same)]).toEqual([false, []]);
    expect(same.rights.map(({ user, declared, actual }) => [user, declared, actual])).toEqual([
      [hex("app"), "readwrite", "readwrite"],
      [hex("root"), "administrator", "administrator"],
    ]);
  });

  it.each<[string, string[], string[]]>([
    [
      "a right less",
      [...DECLARED].filter((line) => !line.startsWith("permission")),
      ["app cdktf-etcd/client/app /app/: readwrite, -"],
    ],
    [
      "a narrower right",
      DECLARED.map((line) => line.replace("readwrite", "read")),
      ["app cdktf-etcd/client/app /app/: readwrite, read"],
    ],
    [
      "another range of the same first key",
      DECLARED.map((line) => line.replace("/app0", "-")),
      ["app cdktf-etcd/client/app /app/: -, readwrite", "app cdktf-etcd/client/app /app/: readwrite, -"],
    ],
    [
      "a right more",
      [...DECLARED, "permission cdktf-etcd/client/app read /x/ /x0"],
      ["app cdktf-etcd/client/app /x/: -, read"],
    ],
    [
      "a role that a hand gave to a client",
      [...DECLARED, "role extra", "permission extra read /x/ /x0", "grant app extra"],
      ["app extra /x/: -, read"],
    ],
    [
      "a role without permissions that a hand gave",
      [...DECLARED, "role extra", "grant app extra"],
      ["app extra: -, nothing"],
    ],
    ["an administrator whom a hand made of a client", [...DECLARED, "grant app root"], ["app root: -, administrator"]],
    ["a client less", ["enabled yes", ...ROOT, ...APP.slice(0, 2)], ["app cdktf-etcd/client/app /app/: readwrite, -"]],
    [
      "a client that has left the code",
      [...DECLARED, ...APP.map((line) => line.replace(/\bapp(?=$| cdktf)|(?<=client\/)app/g, "old"))],
      ["old cdktf-etcd/client/old /app/: -, readwrite"],
    ],
    [
      "a role that nobody has",
      [...DECLARED, "role cdktf-etcd/role/all", "permission cdktf-etcd/role/all read /a/ /a0"],
      ["(nobody) cdktf-etcd/role/all /a/: -, read"],
    ],
    ["root without its role", DECLARED.filter((line) => line !== "grant root root"), ["root root: administrator, -"]],
  ])("is drift with %s", (_name, actual, expected) => {
    const found = compared(actual);
    expect(drifts(found).sort()).toEqual([...expected].sort());
    expect(found.drifted).toBe(true);
  });

  it("is drift with authorization off, though all users are there", () => {
    const off = compared(["enabled no", ...DECLARED.slice(1)]);
    expect([off.drifted, off.enabled, drifts(off)]).toEqual([true, { declared: true, actual: false }, []]);
  });

  it("is drift with authorization on, where it is declared off", () => {
    expect(compared(["enabled yes", ...ROOT], ["enabled no"]).drifted).toBe(true);
  });

  it("is no drift with users and roles that a hand made beside", () => {
    const beside = compared([
      ...DECLARED,
      ...[
        "role theirs",
        "permission theirs readwrite /app/ /app0",
        "user jo",
        "grant jo theirs",
        "user kim",
        "role idle",
      ],
    ]);
    expect([beside.drifted, drifts(beside)]).toEqual([false, []]);
    const byHand = beside.rights.filter((right) => right.byHand);
    expect(byHand.map(({ user, role, actual }) => [user, role, actual])).toEqual([
      [hex("jo"), hex("theirs"), "readwrite"],
      [hex("kim"), "", "nothing"],
      [undefined, hex("idle"), "nothing"],
    ]);
  });

  it("is told without a judgement where the code says nothing of authorization", () => {
    const found = compareAccess(undefined, lines("enabled yes", ...ROOT));
    expect([found.drifted, found.enabled]).toEqual([false, { actual: true }]);
    expect(found.rights).toHaveLength(1);
  });
});
