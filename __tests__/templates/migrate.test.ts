import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import * as path from "node:path";
import { runCommand } from "../tools";
import { describeOnLinux, plain, scratchDirectory } from "./render";

const scratch = scratchDirectory();
const HASH = "a".repeat(64);
let count = 0;

/** A machine's disk with what an earlier version has noted on it, and the migration that runs there. */
class Machine {
  private readonly root = path.join(scratch, String((count += 1)));

  public constructor() {
    for (const directory of ["var/lib/cdktf-etcd", "run/etcd"])
      mkdirSync(path.join(this.root, directory), { recursive: true });
  }

  public path(name: string): string {
    return path.join(this.root, name);
  }

  public write(name: string, text: string): void {
    writeFileSync(this.path(name), text);
  }

  /** What is noted in root's own directories now; undefined for what isn't. */
  public noted(name: string): string | undefined {
    const file = this.path(name);
    return existsSync(file) ? readFileSync(file, "utf8") : undefined;
  }

  public migrate(): void {
    const script = plain("rollout/migrate.sh").replace(/=\/(var\/lib|run)\//g, `=${this.root}/$1/`);
    expect(script).toContain(`${this.root}/var/lib/cdktf-etcd-node`);
    const { status, output } = runCommand("/bin/sh", ["-c", script]);
    expect([status, output]).toEqual([0, ""]);
  }
}

describeOnLinux("the migration of what earlier versions noted where etcd's user can write", () => {
  it("takes everything over as it was, the age of the cluster included", () => {
    const machine = new Machine();
    machine.write("var/lib/cdktf-etcd/founded", "3\n");
    machine.write("var/lib/cdktf-etcd/restored", "etcd-20261122T180000Z-4711.db\n");
    machine.write("var/lib/cdktf-etcd/born", "");
    utimesSync(machine.path("var/lib/cdktf-etcd/born"), 1_700_000_000, 1_700_000_000);
    machine.write("run/etcd/started.sha256", HASH);
    machine.write("run/etcd/handed-over", "");
    machine.migrate();
    expect(machine.noted("var/lib/cdktf-etcd-node/founded")).toBe("3");
    expect(machine.noted("var/lib/cdktf-etcd-node/restored")).toBe("etcd-20261122T180000Z-4711.db");
    expect(statSync(machine.path("var/lib/cdktf-etcd-node/born")).mtimeMs).toBe(1_700_000_000_000);
    // It is compared byte by byte with what is laid down.
    expect(machine.noted("run/cdktf-etcd/started.sha256")).toBe(HASH);
    expect(machine.noted("run/cdktf-etcd/handed-over")).toBe("");
    expect(machine.noted("run/cdktf-etcd/starting.sha256")).toBeUndefined();
  });

  it("carries on where it was cut off, and goes by what was noted last until the old place is gone", () => {
    const machine = new Machine();
    machine.write("var/lib/cdktf-etcd/founded", "1\n");
    machine.migrate();
    machine.write("var/lib/cdktf-etcd/founded", "2\n");
    machine.write("var/lib/cdktf-etcd/born", "");
    machine.write("var/lib/cdktf-etcd-node/founded.new", "half");
    machine.migrate();
    expect(machine.noted("var/lib/cdktf-etcd-node/founded")).toBe("2");
    expect(machine.noted("var/lib/cdktf-etcd-node/born")).toBe("");
  });

  it("follows no link that etcd's user may have put there, and takes no text that is not ours", () => {
    const machine = new Machine();
    machine.write("secret", "1\n");
    chmodSync(machine.path("secret"), 0o600);
    symlinkSync(machine.path("secret"), machine.path("var/lib/cdktf-etcd/founded"));
    machine.write("var/lib/cdktf-etcd/restored", "../../etc/shadow\n");
    machine.write("run/etcd/started.sha256", "no hash");
    machine.migrate();
    expect(machine.noted("var/lib/cdktf-etcd-node/founded")).toBeUndefined();
    expect(machine.noted("var/lib/cdktf-etcd-node/restored")).toBeUndefined();
    expect(machine.noted("run/cdktf-etcd/started.sha256")).toBeUndefined();
    expect(readFileSync(machine.path("secret"), "utf8")).toBe("1\n");
  });

  it("is not held up by a pipe that nobody writes to", () => {
    const machine = new Machine();
    expect(runCommand("mkfifo", [machine.path("var/lib/cdktf-etcd/founded")]).status).toBe(0);
    machine.migrate();
    expect(machine.noted("var/lib/cdktf-etcd-node/founded")).toBeUndefined();
  });

  it("has nothing to do on a machine without a past", () => {
    const machine = new Machine();
    machine.migrate();
    expect(machine.noted("var/lib/cdktf-etcd-node/born")).toBeUndefined();
    expect(existsSync(machine.path("var/lib/cdktf-etcd-node"))).toBe(true);
  });
});
