import { App, TerraformStack, Testing } from "cdktf";
import { EtcdClientProps, EtcdCluster, ValidationError } from "../../lib";
import { cluster, resources, synth, Synthesized, warningsIn } from "../synth";

const AUTHORIZATION = { authorization: true };

/** A cluster with authorization, and whatever is added to it. */
function withAuthorization(add: (etcd: EtcdCluster) => void, props: object = AUTHORIZATION): Synthesized {
  return synth((stack) => {
    add(cluster(stack, undefined, props));
  });
}

/** What the machines are told, with names and keys as people write them. */
function declared({ locals }: Synthesized): string[] {
  const [lines] = Object.entries(locals).filter(([name]) => name.includes("declared-access"));
  const word = (one: string): string => (/^([0-9A-F]{2})+$/.test(one) ? Buffer.from(one, "hex").toString() : one);
  return String(lines[1])
    .split("\n")
    .map((line) => line.split(" ").map(word).join(" "));
}

function error(build: () => unknown): string {
  try {
    build();
  } catch (thrown) {
    if (thrown instanceof ValidationError) return thrown.message;
    throw thrown;
  }
  throw new Error("nothing was refused");
}

const add = (props: EtcdClientProps, clusterProps: object = AUTHORIZATION) =>
  withAuthorization((etcd) => etcd.addClient("app", props), clusterProps);

it("declares a user and a role of its own for each client, and root's", () => {
  expect(declared(add({ read: ["/shared/"], readWrite: ["/app/"] }))).toEqual([
    "enabled yes",
    "role root",
    "user root",
    "grant root root",
    "role cdktf-etcd/client/app",
    "permission cdktf-etcd/client/app read /shared/ /shared0",
    "permission cdktf-etcd/client/app readwrite /app/ /app0",
    "user app",
    "grant app cdktf-etcd/client/app",
  ]);
});

it("declares a role that several clients share once", () => {
  const lines = declared(
    withAuthorization((etcd) => {
      const readers = etcd.addRole("readers", { read: ["/app/"] });
      etcd.addClient("a", { roles: [readers] });
      etcd.addClient("b", { roles: [readers], readWrite: ["/b/"] });
    }),
  );
  expect(lines.filter((line) => line.startsWith("permission cdktf-etcd/role/readers"))).toEqual([
    "permission cdktf-etcd/role/readers read /app/ /app0",
  ]);
  expect(lines).toEqual(expect.arrayContaining(["grant a cdktf-etcd/role/readers", "grant b cdktf-etcd/role/readers"]));
});

it("gives everything as all keys, and an administrator etcd's role root", () => {
  expect(declared(add({ everything: true }))).toContain("permission cdktf-etcd/client/app readwrite \0 \0");
  expect(declared(add({ administrator: true }))).toContain("grant app root");
});

it("covers exactly the keys that begin with a prefix, whatever its last character", () => {
  const lines = withAuthorization((etcd) => etcd.addClient("app", { read: ["/été/é-", "a~", "\u{10FFFF}:"] }));
  const ranges = Object.entries(lines.locals).flatMap(([name, value]) =>
    name.includes("declared-access") ? [...String(value).matchAll(/ read (\w+) (\w+)/g)] : [],
  );
  expect(ranges).toHaveLength(3);
  for (const [, key, end] of ranges) {
    const begins = Buffer.from(key, "hex");
    for (const longer of ["", "\0", "z", "\u{10FFFF}"]) {
      const one = Buffer.concat([begins, Buffer.from(longer)]);
      expect([Buffer.compare(one, begins) >= 0, Buffer.compare(one, Buffer.from(end, "hex")) < 0]).toEqual([
        true,
        true,
      ]);
    }
    // The end itself does not begin with the prefix.
    expect(end.startsWith(key)).toBe(false);
  }
});

it("is a step of its own, which permissions alone trigger", () => {
  const steps = (props: EtcdClientProps): Record<string, Record<string, unknown>> =>
    resources(add(props), "terraform_data");
  const [before, after] = [steps({ read: ["/app/"] }), steps({ readWrite: ["/app/"] })];
  const changed = Object.keys(before).filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
  expect(changed).toEqual(["etcd/authorize"]);
  expect(before["etcd/authorize"].depends_on).toEqual([expect.stringContaining("membership")]);
});

it("ends sessions after each run of it, one member after the other, the preferred leader last", () => {
  const made = withAuthorization((etcd) => etcd.addClient("app", { everything: true }));
  const cuts = Object.entries(resources(made, "terraform_data")).filter(([name]) => name.includes("cut-sessions"));
  const [first, second, third] = ["sgp1/cut-sessions-1", "nyc3/cut-sessions-2", "lon1/cut-sessions-3"].map(
    (name) => Object.fromEntries(cuts)[`etcd/etcd-${name}`],
  );
  const after = (step: Record<string, unknown>): string => JSON.stringify(step.depends_on);
  expect(after(second)).toContain("cut-sessions-1");
  expect(after(third)).toContain("cut-sessions-2");
  for (const step of [first, second, third]) {
    expect(after(step)).toContain("authorize");
    expect(JSON.stringify(step.triggers_replace)).toContain("authorize");
  }
});

it("leaves a cluster that says nothing of it as it is", () => {
  const made = synth((stack) => cluster(stack).addClient("app"));
  expect(Object.keys(resources(made, "terraform_data")).filter((name) => /authorize|cut-sessions/.test(name))).toEqual(
    [],
  );
});

it("turns etcd's JSON gateway off unless it is asked for, which is warned of: it would answer nobody who has a certificate", () => {
  const gateway = (props: object): { off: boolean; warned: boolean } => {
    const stack = new TerraformStack(Testing.app(), "test");
    cluster(stack, undefined, props);
    return {
      off: Testing.synth(stack).includes("ETCD_ENABLE_GRPC_GATEWAY"),
      warned: warningsIn(stack).some((warning) => warning.includes("settings.grpcGateway")),
    };
  };
  expect(gateway({})).toEqual({ off: false, warned: false });
  expect(gateway({ authorization: false })).toEqual({ off: false, warned: false });
  expect(gateway(AUTHORIZATION)).toEqual({ off: true, warned: false });
  expect(gateway({ ...AUTHORIZATION, settings: { grpcGateway: true } })).toEqual({ off: false, warned: true });
});

it("turns it off where the app says false", () => {
  expect(declared(withAuthorization((etcd) => etcd.addClient("app"), { authorization: false }))).toEqual([
    "enabled no",
  ]);
});

describe("refuses", () => {
  it.each<[string, EtcdClientProps, RegExp]>([
    ["a client without a word", {}, /addClient\("app"\): given nothing that it may do, .*readWrite: \["\/app\/"\]/],
    ["empty lists", { read: [], roles: [] }, /nothing that it may do/],
    [
      "a prefix without separator",
      { read: ["/foo"] },
      /read: given "\/foo", .*covers "\/foobar".*withoutSeparator: \["\/foo"\]/,
    ],
    ["an empty prefix", { readWrite: [""] }, /readWrite: given "", .*everything: true/],
    ["the same prefix twice", { read: ["/a/"], readWrite: ["/a/"] }, /given "\/a\/" twice/],
    ["half a character", { read: ["/\ud800/"] }, /octets of UTF-8/],
    ["a very long prefix", { read: [`${"x".repeat(1024)}/`] }, /given a prefix of 1025 octets/],
    [
      "a prefix without separator that is not there",
      { read: ["/a/"], withoutSeparator: ["/b"] },
      /withoutSeparator: given "\/b"/,
    ],
    ["everything and some", { everything: true, read: ["/a/"] }, /given read and everything/],
    ["everything and administrator", { everything: true, administrator: true }, /given everything and administrator/],
  ])("%s", (_, props, message) => {
    expect(error(() => add(props))).toMatch(message);
  });

  it("takes a prefix without separator that is asked for by name", () => {
    expect(declared(add({ read: ["/foo"], withoutSeparator: ["/foo"] }))).toContain(
      "permission cdktf-etcd/client/app read /foo /fop",
    );
  });

  it("permissions and roles where nothing enforces them", () => {
    expect(error(() => add({ read: ["/a/"] }, {}))).toMatch(
      /given read in a cluster without authorization.*authorization: true/,
    );
    expect(
      error(() => withAuthorization((etcd) => etcd.addRole("a", { read: ["/a/"] }), { authorization: false })),
    ).toMatch(/cluster without authorization/);
  });

  it("another cluster's role", () => {
    const message = error(() =>
      synth((stack) => {
        const [a, b] = ["a", "b"].map((id) => cluster(new TerraformStack(stack, id), ["lon1"], AUTHORIZATION));
        b.addClient("app", { roles: [a.addRole("readers", { read: ["/a/"] })] });
      }),
    );
    expect(message).toMatch(/the role "readers" of another cluster/);
  });

  it("a role's name twice, and a role that permits nothing", () => {
    const etcd = cluster(new TerraformStack(new App(), "test"), undefined, AUTHORIZATION);
    etcd.addRole("readers", { read: ["/a/"] });
    expect(error(() => etcd.addRole("readers", { read: ["/b/"] }))).toMatch(/role name: given "readers" twice/);
    expect(error(() => etcd.addRole("none", {}))).toMatch(/nothing that it may do/);
  });
});
