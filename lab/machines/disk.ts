import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { attempt, run } from "../tools/command";
import type { MachineSpec } from "./machine-driver";
import { installedFiles, installScript } from "./installation";
import { notReadySshdConfig, type SeedFile, seedFiles } from "./seed";

/** One line of /proc/self/mountinfo. */
interface Mount {
  readonly path: string;
  readonly type: string;
  readonly source: string;
}

export function parseMountInfo(text: string): Mount[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const fields = line.split(" ");
      const separator = fields.indexOf("-", 6);
      return {
        path: unescape(fields[4] ?? ""),
        type: fields[separator + 1] ?? "",
        source: unescape(fields[separator + 2] ?? ""),
      };
    });
}

function unescape(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)));
}

function mounts(): Mount[] {
  return parseMountInfo(readFileSync("/proc/self/mountinfo", "utf8"));
}

/** A machine's disk: an overlay over the image. */
export class Disk {
  readonly root: string;

  constructor(
    private readonly directory: string,
    private readonly name: string,
  ) {
    this.root = join(directory, "root");
  }

  /** Mounts an overlay over the image, so that making the disk takes no time and no space. */
  async mount(image: string): Promise<void> {
    if (this.isMounted()) {
      return;
    }
    const upper = join(this.directory, "upper");
    const work = join(this.directory, "work");
    for (const path of [upper, work, this.root]) {
      mkdirSync(path, { recursive: true });
    }
    chmodSync(upper, 0o755);
    const escape = (path: string): string => path.replace(/[\\:,]/g, "\\$&");
    const options = `lowerdir=${escape(image)},upperdir=${escape(upper)},workdir=${escape(work)}`;
    const result = await attempt(["mount", "-t", "overlay", this.name, "-o", options, this.root]);
    if (result.status !== 0) {
      throw new Error(
        `cannot mount the disk of ${this.name} in ${this.directory}: ${result.stderr.trim()}; the directory must be on a file system that overlayfs can write to, such as ext4, xfs or tmpfs`,
      );
    }
  }

  /** Puts on a disk what is there before the first boot: what its cloud writes, or else what an installer leaves. */
  async seed(spec: MachineSpec): Promise<void> {
    if (spec.installation !== undefined) {
      this.write(installedFiles(spec, spec.installation));
      await run(["chroot", this.root, "/bin/sh", "-eu"], { input: installScript(spec, spec.installation) });
      return;
    }
    this.write(seedFiles(spec));
    const notReady = notReadySshdConfig(spec);
    if (notReady !== "") {
      writeFileSync(join(this.root, "etc/ssh/sshd_config"), notReady, { flag: "a" });
    }
  }

  /** The SSH host keys' public halves. They are written at or after the first boot, so the upper directory has them. */
  hostKeys(): readonly string[] {
    const directory = join(this.directory, "upper/etc/ssh");
    if (!existsSync(directory)) {
      return [];
    }
    return readdirSync(directory)
      .filter((name) => /^ssh_host_.*_key\.pub$/.test(name))
      .sort()
      .map((name) => readFileSync(join(directory, name), "utf8").trim().split(" ").slice(0, 2).join(" "));
  }

  private write(files: readonly SeedFile[]): void {
    for (const file of files) {
      const path = join(this.root, file.path);
      mkdirSync(dirname(path), { recursive: true });
      // The image may have a symbolic link here, which must not be followed out of the disk.
      if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink()) {
        rmSync(path);
      }
      writeFileSync(path, file.content);
      chmodSync(path, file.mode);
    }
  }

  async unmount(): Promise<void> {
    while (this.isMounted()) {
      const result = await attempt(["umount", this.root]);
      if (result.status !== 0) {
        // It is still in use: a lazy unmount takes effect when it no longer is.
        await run(["umount", "-l", this.root]);
      }
    }
  }

  /** Removes systemd-nspawn's lock of the directory, which stays if it is killed. */
  removeNspawnLock(): void {
    if (this.isMounted()) {
      const { dev, ino } = statSync(this.root);
      rmSync(`/run/systemd/nspawn/locks/inode-${dev}:${ino}`, { force: true });
    }
  }

  async remove(): Promise<void> {
    await this.unmount();
    await run(["rm", "-rf", "--one-file-system", this.directory]);
  }

  private isMounted(): boolean {
    return mounts().some((mount) => mount.path === this.root);
  }
}

/** Unmounts every disk of the lab, wherever it is mounted. */
export async function unmountAll(prefix: string, except: ReadonlySet<string>): Promise<void> {
  const pattern = new RegExp(`^${prefix}-\\d+$`);
  for (const mount of mounts()) {
    if (mount.type === "overlay" && pattern.test(mount.source) && !except.has(mount.source)) {
      await run(["umount", "-l", mount.path]);
    }
  }
}
