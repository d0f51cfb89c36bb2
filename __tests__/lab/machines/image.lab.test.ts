/** @independent */
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { attempt, run } from "../../../lab/tools/command";
import { ensureImage, type BaseImage } from "../../../lab/machines/image";
import { distributionOf } from "../../../lab/machines/image-recipe";
import { startMirrorServer } from "../../../lab/mirror/mirror-server";
import { ensurePackageMirror } from "../../../lab/mirror/package-mirror";

jest.setTimeout(600_000);

let image: BaseImage;
beforeAll(async () => {
  image = await ensureImage("debian-13-x64");
});

async function codenameOf({ rootfs }: BaseImage): Promise<string | undefined> {
  return /^VERSION_CODENAME=(.*)$/m.exec(await readFile(path.join(rootfs, "usr/lib/os-release"), "utf8"))?.[1];
}

test("the image is the release it says", async () => {
  expect(image.origin).toBe("archive");
  expect(await codenameOf(image)).toBe("trixie");
});

test("no machine inherits an identity", async () => {
  expect(await readFile(path.join(image.rootfs, "etc/machine-id"), "utf8")).toBe("");
  expect((await readdir(path.join(image.rootfs, "etc/ssh"))).filter((name) => name.startsWith("ssh_host_"))).toEqual(
    [],
  );
  await expect(stat(path.join(image.rootfs, "etc/hostname"))).rejects.toThrow("ENOENT");
});

test("nothing waits for a clock or a network that the lab does not set", async () => {
  for (const unit of ["chrony-wait.service", "systemd-networkd.service", "getty.target"]) {
    expect(await readlink(path.join(image.rootfs, "etc/systemd/system", unit))).toBe("/dev/null");
  }
  const enabled = await run([
    "systemctl",
    `--root=${image.rootfs}`,
    "is-enabled",
    "ssh.service",
    "cloud-init-main.service",
  ]);
  expect(enabled.trim().split("\n")).toEqual(["enabled", "enabled"]);
  const nftables = await attempt(["systemctl", `--root=${image.rootfs}`, "is-enabled", "nftables.service"]);
  expect(nftables).toMatchObject({ status: 1, stdout: "disabled\n" });
});

test("a machine's apt can install chrony from the mirror, from an index of a few kilobytes", async () => {
  const mirror = await ensurePackageMirror(image, ["chrony"]);
  const packages = path.join(mirror, "dists/trixie/main/binary-amd64/Packages");
  expect((await stat(packages)).size).toBeLessThan(50_000);

  const server = await startMirrorServer({ address: "127.0.0.1", port: 0, mounts: () => ({ "/debian/": mirror }) });
  const dir = await mkdtemp(path.join(tmpdir(), "cdktf-etcd-test-"));
  try {
    for (const sub of ["lists/partial", "archives/partial", "empty"])
      await mkdir(path.join(dir, sub), { recursive: true });
    await writeFile(
      path.join(dir, "sources"),
      `deb [trusted=yes] http://127.0.0.1:${server.port}/debian trixie main\n`,
    );
    const apt = (...args: string[]) =>
      run([
        "apt-get",
        ...[
          `Dir::State::status=${path.join(image.rootfs, "var/lib/dpkg/status")}`,
          `Dir::State::lists=${dir}/lists`,
          `Dir::Cache=${dir}`,
          `Dir::Cache::archives=${dir}/archives`,
          `Dir::Etc::sourcelist=${dir}/sources`,
          `Dir::Etc::sourceparts=${dir}/empty`,
          "APT::Sandbox::User=root",
          "Debug::NoLocking=true",
        ].flatMap((setting) => ["-o", setting]),
        ...args,
      ]);
    await apt("update", "--error-on=any");
    await apt("install", "--yes", "--download-only", "chrony");
    expect((await readdir(path.join(dir, "archives"))).join(" ")).toMatch(/chrony_/);
  } finally {
    await server.close();
    await rm(dir, { recursive: true, force: true });
  }
});

test("an Ubuntu image is built where the archive's keys are at hand; where they are not, Debian stands in and says so", async () => {
  const slug = "ubuntu-24-04-x64";
  const hasKeys = existsSync(distributionOf(slug)?.keyring ?? "");
  const lines: string[] = [];
  const ubuntu = await ensureImage(slug, (line) => lines.push(line));
  expect(ubuntu).toMatchObject({ slug, origin: hasKeys ? "archive" : "stand-in" });
  expect(await codenameOf(ubuntu)).toBe(hasKeys ? "noble" : "trixie");
  expect(lines.some((line) => line.includes("debian-13-x64 stands in"))).toBe(!hasKeys);
});
