import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import * as path from "node:path";
import { runCommand, runTool, type Outcome } from "../tools";
import { describeOnLinux, scratchDirectory, TEMPLATES } from "./render";

const scratch = scratchDirectory();
const MARK = "managed-by=cdktf-etcd";

/** Public keys without comments, as DigitalOcean and cloud-init write them. */
const KEYS = [1, 2, 3, 4].map((number) => {
  const file = path.join(scratch, `key-${number}`);
  runTool("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", file]);
  return readFileSync(`${file}.pub`, "utf8").trim().split(" ", 2).join(" ");
});
const [FIRST, SECOND, THIRD, OPERATOR] = KEYS;
const managed = (key: string, comment: string): string => `${key} ${comment} ${MARK}`;

let machines = 0;

/** A machine, as far as the script looks at it: a user's home, and what sshd and the user database say. */
class Machine {
  private readonly root = path.join(scratch, `machine-${(machines += 1)}`);
  public readonly home = path.join(this.root, "home");
  public readonly file = path.join(this.home, ".ssh", "authorized_keys");

  public constructor(private readonly readBySshd = ".ssh/authorized_keys .ssh/authorized_keys2") {
    for (const directory of ["home", "bin", "etc/etcd/ssh"])
      mkdirSync(path.join(this.root, directory), { recursive: true });
    this.command("getent", `echo "root:x:0:0:root:${this.home}:/bin/sh"`);
    this.command("sshd", `echo "authorizedkeysfile ${this.readBySshd}"`);
    this.command("chown", ":");
    writeFileSync(path.join(this.root, "etc/etcd/node.env"), "NODE='etcd-lon1'\n");
    writeFileSync(path.join(this.root, "etc/etcd/ssh/access.env"), "SSH_USER='root'\nPINNED_HOST_KEY='none'\n");
  }

  public has(...lines: string[]): this {
    mkdirSync(path.dirname(this.file), { recursive: true });
    writeFileSync(this.file, lines.map((line) => `${line}\n`).join(""));
    return this;
  }

  public get lines(): string[] {
    return readFileSync(this.file, "utf8").trimEnd().split("\n");
  }

  /** Has it accept these, as a deploy does. */
  public accept(...lines: string[]): Outcome {
    writeFileSync(path.join(this.root, "etc/etcd/ssh/authorized_keys"), lines.map((line) => `${line}\n`).join(""));
    return runCommand("/bin/sh", [path.join(TEMPLATES, "ssh/authorize-keys.sh"), this.root], {
      env: { PATH: `${path.join(this.root, "bin")}:${process.env.PATH ?? ""}` },
    });
  }

  private command(name: string, script: string): void {
    const file = path.join(this.root, "bin", name);
    writeFileSync(file, `#!/bin/sh\n${script}\n`);
    chmodSync(file, 0o755);
  }
}

const BOTH = [managed(FIRST, "login-key-1"), managed(SECOND, "login-key-2")];

describeOnLinux("the keys that a machine accepts", () => {
  it("are as the deploy says; what others have put there stays, as it is", () => {
    const others = ["# by hand", `from="192.0.2.0/24,*.example.com" ${OPERATOR} jo`, "", `${THIRD} a colleague`];
    const machine = new Machine().has(FIRST, ...others);
    expect(machine.accept(...BOTH)).toEqual({
      status: 0,
      output: "etcd-lon1: root accepts 2 keys of the deploy's",
      stdout: expect.anything() as unknown,
    });
    expect(machine.lines).toEqual([...others, ...BOTH]);
    expect(statSync(machine.file).mode & 0o777).toBe(0o600);
  });

  it("lose the one that goes, wherever it stands: also where the machine was made with it", () => {
    const machine = new Machine().has(FIRST, `${SECOND} login-key-2`, OPERATOR);
    machine.accept(...BOTH);
    // As cloud-init does where it takes the machine for a new one.
    machine.has(...machine.lines, FIRST, `${SECOND} login-key-2`);
    const next = [managed(SECOND, "login-key-2"), managed(THIRD, "login-key-3")];
    expect(machine.accept(...next).status).toBe(0);
    expect(machine.lines).toEqual([OPERATOR, ...next]);
  });

  it("lose an operator's that is not declared any more", () => {
    const machine = new Machine().has(FIRST, OPERATOR);
    machine.accept(...BOTH, managed(OPERATOR, "jo@laptop"));
    machine.accept(...BOTH);
    expect(machine.lines).toEqual(BOTH);
  });

  it("are written by a rename, and only where that changes something", () => {
    const machine = new Machine().has(FIRST);
    const inode = (): number => statSync(machine.file).ino;
    const before = inode();
    machine.accept(...BOTH);
    const after = inode();
    expect(after).not.toBe(before);
    expect(machine.accept(...BOTH)).toMatchObject({ status: 0, output: "" });
    expect(inode()).toBe(after);
  });

  it("are made where there are none, and stay where a link leads to", () => {
    const none = new Machine();
    expect(none.accept(...BOTH).status).toBe(0);
    expect([none.lines, statSync(path.dirname(none.file)).mode & 0o777]).toEqual([BOTH, 0o700]);

    const linked = new Machine().has(FIRST);
    const target = path.join(linked.home, "keys");
    renameSync(linked.file, target);
    symlinkSync(target, linked.file);
    expect(linked.accept(...BOTH).status).toBe(0);
    expect([lstatSync(linked.file).isSymbolicLink(), readFileSync(target, "utf8").trimEnd().split("\n")]).toEqual([
      true,
      BOTH,
    ]);
  });

  it("are left alone where the host says nothing of them", () => {
    const machine = new Machine("/etc/ssh/keys/%u").has(FIRST);
    expect(machine.accept()).toMatchObject({ status: 0, output: "" });
    expect(machine.lines).toEqual([FIRST]);
  });

  it.each([
    ["one of them is none", ".ssh/authorized_keys", [...BOTH, `ssh-ed25519 AAAAC3Nz jo ${MARK}`], /see authorizedKeys/],
    ["sshd looks for them elsewhere", "/etc/ssh/keys/%u", BOTH, /from '\/etc\/ssh\/keys\/%u' \(AuthorizedKeysFile\)/],
    ["sshd does not tell where it looks for them", "", BOTH, /from '' \(AuthorizedKeysFile\)/],
  ])("stay as they are where %s, and the deploy fails for it", (_, readBySshd, keys, error) => {
    const machine = new Machine(readBySshd).has(FIRST);
    const { status, output } = machine.accept(...keys);
    expect([status, output]).toEqual([
      1,
      expect.stringMatching(/^error: etcd-lon1: .*The keys were left as they are$/),
    ]);
    expect(output).toMatch(error);
    expect(machine.lines).toEqual([FIRST]);
  });
});
