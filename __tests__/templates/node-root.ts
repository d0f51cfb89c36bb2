import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, cpSync, existsSync, lstatSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { Outcome, runCommand } from "../tools";
import { plain, scratchDirectory, templateNamed } from "./render";

/** `describe` for what takes root on Linux, who may make a file system and a network apart; elsewhere it is skipped. */
export const describeAsRoot =
  process.platform === "linux" && spawnSync("unshare", ["--mount", "--net", "true"]).status === 0
    ? describe
    : describe.skip;

/** Where the node scripts are on a node. */
export const NODE_SCRIPTS = "/usr/local/lib/cdktf-etcd";

/** The user that etcd runs as, and the one of Prometheus' collector. */
export const ETCD_USER = 990;
export const COLLECTOR_USER = 991;

/** Has this machine's programs, read-only, and everything else of its own; then becomes the command. */
const ENTER = `
set -eu
cd "$1"
shift
for dir in bin sbin lib lib32 lib64 libx32; do
  if [ -L "/$dir" ]; then
    ln -sfn "$(readlink "/$dir")" "$dir"
  elif [ -d "/$dir" ]; then
    mkdir -p "$dir"
    mount --rbind "/$dir" "$dir"
  fi
done
mount --rbind /usr usr
mount -o remount,bind,ro usr
mount --bind local usr/local
mount --rbind /dev dev
mount --rbind /proc proc
exec chroot . env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root "$@"
`;

/** A node in miniature: a file system of its own to run the node scripts in, with this machine's programs, and no network but its own. */
export class NodeRoot {
  /** @param directory is made; the node's files lie below it, but for /usr/local, which is `local` there */
  public constructor(private readonly directory: string) {
    for (const name of ["dev", "proc", "usr", "local", "etc", "root", "run", "var/lib", "var/log"]) {
      mkdirSync(path.join(directory, name), { recursive: true });
    }
    this.directoryOf("/tmp", 0o1777);
    // Of programs with several makers, such as awk.
    if (existsSync("/etc/alternatives")) {
      cpSync("/etc/alternatives", path.join(directory, "etc/alternatives"), {
        recursive: true,
        verbatimSymlinks: true,
      });
    }
    const users = [
      "root:x:0:0::/root:/bin/sh",
      `etcd:x:${ETCD_USER}:${ETCD_USER}::/var/lib/etcd:/usr/sbin/nologin`,
      `prometheus:x:${COLLECTOR_USER}:${COLLECTOR_USER}::/:/usr/sbin/nologin`,
    ];
    this.put("/etc/passwd", `${users.join("\n")}\n`);
    // For ip.
    this.put("/etc/protocols", "tcp 6 TCP\nudp 17 UDP\n");
    this.put("/etc/group", `root:x:0:\netcd:x:${ETCD_USER}:\nprometheus:x:${COLLECTOR_USER}:\n`);
  }

  /** Where a path of the node's is on this machine. */
  public at(file: string): string {
    return path.join(this.directory, file.replace(/^\/usr\/local\//, "/local/"));
  }

  public put(file: string, content: string, mode = 0o644): void {
    mkdirSync(path.dirname(this.at(file)), { recursive: true });
    writeFileSync(this.at(file), content);
    chmodSync(this.at(file), mode);
  }

  /** Makes a directory; root's unless told. */
  public directoryOf(file: string, mode = 0o755, user = 0): void {
    mkdirSync(this.at(file), { recursive: true });
    chmodSync(this.at(file), mode);
    chownSync(this.at(file), user, user);
  }

  /** Lays down node scripts by the names of their files, whichever folder of templates/ these are in, and what they source. */
  public scripts(...names: readonly string[]): void {
    for (const name of names) {
      const script = plain(templateNamed(name));
      const called = script.startsWith("#!");
      this.put(`${NODE_SCRIPTS}/${called ? name.replace(/\.sh$/, "") : name}`, script, called ? 0o755 : 0o644);
      const sourced = [...script.matchAll(/^# shellcheck source=(\w+\.sh)$/gm)].map(([, library]) => library);
      this.scripts(...sourced.filter((library) => !this.exists(`${NODE_SCRIPTS}/${library}`)));
    }
  }

  /** A command that is found before the real one, by the node scripts too. */
  public stub(name: string, script: string): void {
    this.put(`/usr/local/sbin/${name}`, `#!/bin/sh\n${script}\n`, 0o755);
  }

  /** Has calls of a command that have one of these words noted in /run/changes before they are carried out. */
  public noteCalls(name: string, ...words: readonly string[]): void {
    const noted = words.map((word) => `*" ${word} "*`).join(" | ");
    this.stub(name, `case " $* " in ${noted}) echo "$*" >>/run/changes ;; esac\nexec /sbin/${name} "$@"`);
  }

  public read(file: string): string {
    return readFileSync(this.at(file), "utf8");
  }

  public exists(file: string): boolean {
    return lstatSync(this.at(file), { throwIfNoEntry: false }) !== undefined;
  }

  /** Runs a script of sh's there, as root, with nothing in its environment but what is given. */
  public run(script: string, env: Readonly<Record<string, string>> = {}): Outcome {
    const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    const inside = [...variables, "sh", "-euc", script];
    return runCommand("unshare", ["--mount", "--net", "sh", "-c", ENTER, "enter", this.directory, ...inside]);
  }
}

/** For a `describe`: makes a node for each test that asks, all of them gone after the last one. */
export function freshNodes(): () => NodeRoot {
  const scratch = scratchDirectory();
  let count = 0;
  return () => new NodeRoot(path.join(scratch, String((count += 1))));
}
