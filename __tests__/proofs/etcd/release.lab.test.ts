/** @independent */
import * as path from "node:path";
import { run, sha256OfFile } from "terraform-lab";
import { ensureEtcd, etcdLayout } from "../../../proofs/etcd/release";

const VERSION = "3.6.14";
const PUBLISHED = {
  x64: "ffe840ff9295808e88cce2794a18a5ac87f12a5203c8314d0bf6aa119b41bac5",
  arm64: "fa1b80565ee6fc2df1ae6f57a508b221f3ecc7d591c317c581cd8281b0842b3e",
}[process.arch as "x64" | "arm64"];

jest.setTimeout(600_000);

test("an etcd archive has the release's layout, the checksum it is said to have, and programs that run", async () => {
  const etcd = await ensureEtcd({ version: VERSION, sha256: PUBLISHED });
  const { directory, archive } = etcdLayout(VERSION);
  expect(path.basename(etcd.tarball)).toBe(archive);
  expect(await sha256OfFile(etcd.tarball)).toBe(etcd.sha256);
  expect(etcd.origin).toBe(etcd.sha256 === PUBLISHED ? "release" : "built");

  const names = await run(["tar", "-tzf", etcd.tarball]);
  for (const program of ["etcd", "etcdctl", "etcdutl"]) expect(names).toContain(`${directory}/${program}\n`);
  expect(await run([path.join(etcd.binDir, "etcd"), "--version"])).toContain(`etcd Version: ${VERSION}`);
  expect(await run([path.join(etcd.binDir, "etcdctl"), "version"])).toContain(`etcdctl version: ${VERSION}`);
  expect(await run([path.join(etcd.binDir, "etcdutl"), "version"])).toContain(`etcdutl version: ${VERSION}`);
});

test("a second call answers with the same, and fetches and builds nothing", async () => {
  const request = { version: VERSION, sha256: PUBLISHED };
  const first = await ensureEtcd(request);
  const steps: string[] = [];
  expect(await ensureEtcd(request, (step) => steps.push(step))).toEqual(first);
  expect(steps).toEqual([]);
});
