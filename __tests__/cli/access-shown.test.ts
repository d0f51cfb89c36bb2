import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { App, TerraformStack } from "cdktf";
import type { EtcdCluster } from "../../lib";
import { accessText, writtenOctets } from "../../lib/cli/access-text";
import { clustersIn } from "../../lib/report/recorded-cluster";
import { cluster } from "../synth";
import { scratchDirectory } from "../templates/render";
import { cliToEnd, type Ran } from "./run-cli";

const scratch = scratchDirectory();
let count = 0;

/** The folder of a synthesized stack with one cluster. */
function synthesized(add: (etcd: EtcdCluster) => void, props: object = { authorization: true }): string {
  const outdir = path.join(scratch, `${count++}`, "cdktf.out");
  mkdirSync(path.dirname(outdir));
  const app = new App({ outdir, skipValidation: true });
  add(cluster(new TerraformStack(app, "store"), ["lon1", "nyc3"], props));
  app.synth();
  return path.join(app.outdir, "stacks", "store");
}

const declare = (etcd: EtcdCluster): void => {
  const readers = etcd.addRole("readers", { read: ["/shared/"] });
  etcd.addClient("app", { readWrite: ["/app/"], roles: [readers] });
  etcd.addClient("ops", { administrator: true });
  etcd.addClient("all", { everything: true });
};

const recorded = (stack: string): readonly string[] | undefined => clustersIn(stack)[0].record.access;

/**
 * Runs the command with a Terraform that knows two machines, and with an ssh of which each machine answers what is in the file of its
 * name, or nothing.
 */
async function shown(
  stack: string,
  answers: Record<string, string>,
  ...args: string[]
): Promise<Ran & { asked: string }> {
  const bin = path.join(scratch, `${count++}`, "bin");
  mkdirSync(bin, { recursive: true });
  const program = (name: string, text: string): string => {
    const file = path.join(bin, name);
    writeFileSync(file, `#!/bin/sh\n${text}`);
    chmodSync(file, 0o755);
    return file;
  };
  const machine = (host: string) => ({
    host,
    port: 22,
    user: "root",
    host_key: "ssh-ed25519 AAAA",
    private_key: "KEY\n",
    peer_url: "",
  });
  const machines = { "etcd-lon1": machine("192.0.2.1"), "etcd-nyc3": machine("192.0.2.2") };
  const terraform = program(
    "terraform",
    `[ "$4" = etcd_ssh ] || exit 1\ncat <<'END'\n${JSON.stringify(machines)}\nEND\n`,
  );
  for (const [host, text] of Object.entries(answers)) writeFileSync(path.join(bin, host), text);
  program(
    "ssh",
    `echo "$@" >>${bin}/asked\nwhile [ "$1" != -- ]; do shift; done\ncat >>${bin}/read\n` +
      `[ -e ${bin}/$2 ] || { echo "connect to host $2: refused" >&2; exit 255; }\ncat ${bin}/$2\n`,
  );
  const before = { PATH: process.env.PATH, TERRAFORM_BINARY_NAME: process.env.TERRAFORM_BINARY_NAME };
  Object.assign(process.env, { PATH: `${bin}:${before.PATH ?? ""}`, TERRAFORM_BINARY_NAME: terraform });
  try {
    const ran = await cliToEnd("access", "--stack", stack, ...args);
    expect(readFileSync(path.join(bin, "read"), "utf8")).toBe("");
    return { ...ran, asked: readFileSync(path.join(bin, "asked"), "utf8") };
  } finally {
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
  }
}

describe("the record of a cluster", () => {
  it("has who may do what, with all clients that were added after the cluster was made", () => {
    const lines = recorded(synthesized(declare)) ?? [];
    const words = lines.map((line) => line.split(" ")[0]);
    expect(words.filter((word) => word === "user")).toHaveLength(4);
    expect(lines).toContain(`grant ${Buffer.from("ops").toString("hex").toUpperCase()} 726F6F74`);
  });

  it("has nothing of it where the code says nothing of authorization", () => {
    expect(recorded(synthesized((etcd) => etcd.addClient("app"), {}))).toBeUndefined();
    expect(recorded(synthesized((etcd) => etcd.addClient("app"), { authorization: false }))).toEqual(["enabled no"]);
  });
});

describe("cdktf-etcd access without --client", () => {
  const stack = synthesized(declare);
  const actual = (recorded(stack) ?? []).join("\n");

  it("shows who may do what, beside what is declared, and asks no machine for more than that", async () => {
    const { status, stdout, stderr, asked } = await shown(stack, { "192.0.2.1": actual });
    expect([status, stderr]).toEqual([0, ""]);
    expect(asked).toMatch(
      /StrictHostKeyChecking=yes .* -- 192\.0\.2\.1 \/usr\/local\/lib\/cdktf-etcd\/authorize --show\n$/,
    );
    expect(stdout.split("\n").map((line) => line.trim().replace(/ {2,}/g, "|"))).toEqual([
      "store/etcd: authorization is on, as declared (etcd-lon1 says)",
      "",
      "client|keys|through the role|declared|actual",
      "all|all keys|cdktf-etcd/client/all|read, write|read, write",
      "app|/app/|cdktf-etcd/client/app|read, write|read, write",
      "app|/shared/|cdktf-etcd/role/readers|read|read",
      "ops|all keys|root|administrator|administrator",
      "root|all keys|root|administrator|administrator",
      "",
    ]);
  });

  it("ends with 1 where a hand gave more, and says what", async () => {
    const more = `${actual}\npermission ${Buffer.from("cdktf-etcd/client/app").toString("hex").toUpperCase()} read 2F781BFF 2F781BFF00`;
    const { status, stdout } = await shown(stack, { "192.0.2.1": more });
    expect(status).toBe(1);
    expect(stdout).toMatch(
      /^ {2}app +\/x\\x1b\\xff up to \/x\\x1b\\xff\\x00 +cdktf-etcd\/client\/app +- +read +DRIFT$/m,
    );
    expect(stdout).toContain("What is there is not what is declared");
    const { rights, drifted } = JSON.parse((await shown(stack, { "192.0.2.1": more }, "--json")).stdout) as {
      drifted: boolean;
      rights: { drift: boolean; byHand: boolean }[];
    };
    expect([drifted, rights.filter(({ drift }) => drift)]).toEqual([
      true,
      [
        {
          client: "app",
          role: "cdktf-etcd/client/app",
          keys: "/x\\x1b\\xff up to /x\\x1b\\xff\\x00",
          key: "2F781BFF",
          rangeEnd: "2F781BFF00",
          declared: null,
          actual: "read",
          drift: true,
          byHand: false,
        },
      ],
    ]);
  });

  it("ends with 1 where a hand turned authorization off", async () => {
    const { status, stdout } = await shown(stack, { "192.0.2.1": actual.replace("enabled yes", "enabled no") });
    expect([status, stdout]).toEqual([
      1,
      expect.stringContaining(
        "authorization is OFF: every client may read and write every key; DRIFT: it is declared on",
      ),
    ]);
  });

  it("asks the next machine where one does not answer, and says so", async () => {
    const { status, stdout, stderr } = await shown(stack, { "192.0.2.2": actual });
    expect([status, stderr]).toEqual([0, "etcd-lon1: connect to host 192.0.2.1: refused\n"]);
    expect(stdout).toContain("(etcd-nyc3 says)");
  });

  it("says of each machine why it did not answer, if none did", async () => {
    const { status, stdout, stderr } = await shown(stack, {});
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(
      /given no answer from any machine \(etcd-lon1: connect .*; etcd-nyc3: connect .*\).*sshFrom/,
    );
  });

  it("judges nothing where the code says nothing of authorization", async () => {
    const silent = synthesized((etcd) => etcd.addClient("app"), {});
    const { status, stdout } = await shown(silent, { "192.0.2.1": actual });
    expect([status, stdout]).toEqual([0, expect.stringContaining("authorization is on; the code says nothing of it")]);
    expect(stdout).not.toContain("DRIFT");
  });
});

describe("names and keys from etcd", () => {
  it.each([
    ["/app/", "/app/"],
    ["été 🦜", "été 🦜"],
    ["a\\b", "a\\x5cb"],
    ["a\u001b[31m\n", "a\\x1b[31m\\x0a"],
    ["\u202egnirts", "\\xe2\\x80\\xaegnirts"],
    ["\0", "\\x00"],
  ])("are written so that they do nothing to a terminal: %j", (text, written) => {
    expect(writtenOctets(Buffer.from(text).toString("hex"))).toBe(written);
  });

  it("are written octet by octet where they are no UTF-8", () => {
    expect(writtenOctets("2F61FF5CC3A9")).toBe("/a\\xff\\x5c\\xc3\\xa9");
  });

  it.each([
    ["2F61", "2F62", "/a"],
    ["2F61FF", "2F62", "/a\\xff"],
    ["FF", "00", "\\xff and all later ones"],
    ["2F61", "-", "/a alone"],
    ["2F61", "2F63", "/a up to /c"],
    ["2F61", "00", "/a and all later ones"],
    ["00", "00", "all keys"],
  ])("are said as a prefix where a range is one: %s to %s", (key, end, keys) => {
    const right = {
      user: "61",
      role: "62",
      range: { key, end },
      declared: "read",
      actual: "read",
      byHand: false,
    } as const;
    const compared = { enabled: { actual: true }, rights: [right], drifted: false };
    const [, , , row] = accessText({ cluster: "c", asked: "m", compared }).split("\n");
    expect(row.replace(/ {2,}/g, "|")).toBe(`|a|${keys}|b|read|read`);
  });
});
