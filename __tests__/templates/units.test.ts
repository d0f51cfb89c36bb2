import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { runTool } from "../tools";
import { describeOnLinux, plain, render, scratchDirectory, templateNames } from "./render";
import { filesOf, Sample, SAMPLES, VERSION } from "./samples";

/** Units of the system's own that ours name; they only have to exist. */
const SYSTEM_UNITS = [
  "basic",
  "local-fs",
  "multi-user",
  "network-online",
  "shutdown",
  "sysinit",
  "time-sync",
  "timers",
];

/** Units that need no rendering. */
const PLAIN_UNITS = [
  "backup/etcd-backup.service",
  "upkeep/etcd-defragment.service",
  "rollout/etcd-join.service",
  "leader/etcd-leader.service",
  "leader/etcd-leader.timer",
  "metadata/etcd-metadata.service",
  "upkeep/etcd-metrics.service",
  "upkeep/etcd-metrics.timer",
  "streams/etcd-streams.service",
  "streams/etcd-streams.timer",
];

/** The most that a unit may expose of 10, in tenths: etcd, and what runs beside it. */
const BARS: Readonly<Record<string, number>> = {
  "etcd.service": 10,
  "etcd-backup.service": 20,
  "etcd-defragment.service": 20,
  "etcd-join.service": 20,
  "etcd-leader.service": 20,
  "etcd-metadata.service": 20,
  "etcd-metrics.service": 20,
  "etcd-streams.service": 20,
};

/** A file system root with the units as a node has them, and programs that do nothing in the places they name. */
function nodeRoot(root: string, sample: Sample): string {
  const put = (name: string, content: string, mode = 0o644): void => {
    const file = path.join(root, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
    chmodSync(file, mode);
  };
  const { unit, backupTimer, defragmentTimer } = render(filesOf(sample, ""));
  put("/etc/systemd/system/etcd.service", unit);
  put("/etc/systemd/system/etcd-backup.timer", backupTimer);
  put("/etc/systemd/system/etcd-defragment.timer", defragmentTimer);
  for (const plainUnit of PLAIN_UNITS) put(`/etc/systemd/system/${path.basename(plainUnit)}`, plain(plainUnit));
  for (const target of SYSTEM_UNITS) put(`/usr/lib/systemd/system/${target}.target`, `[Unit]\nDescription=${target}\n`);
  const programs = [
    "/bin/sh",
    `/opt/etcd/${VERSION}/etcd`,
    "/usr/local/lib/cdktf-etcd/publish-endpoint",
    "/usr/local/lib/cdktf-etcd/close-metadata",
    "/usr/local/lib/cdktf-etcd/route-streams",
    "/usr/local/lib/cdktf-etcd/join",
    "/usr/local/lib/cdktf-etcd/place-leader",
    "/usr/local/lib/cdktf-etcd/backup",
    "/usr/local/lib/cdktf-etcd/defragment",
    "/usr/local/lib/cdktf-etcd/metrics",
  ];
  for (const program of programs) put(program, "#!/bin/sh\n", 0o755);
  return root;
}

function verify(root: string, unit: string): { readonly status: number | null; readonly output: string } {
  const { status, output } = runTool("systemd-analyze", [
    "verify",
    "--man=no",
    "--recursive-errors=yes",
    `--root=${root}`,
    unit,
  ]);
  return { status, output };
}

describeOnLinux("the units, by systemd's own judgement", () => {
  const scratch = scratchDirectory();
  const roots = SAMPLES.map((sample, index) => nodeRoot(path.join(scratch, String(index)), sample));

  it.each(SAMPLES.map((sample, index) => ({ sample: sample.name, others: sample.others.length, root: roots[index] })))(
    "are well-formed for $sample with $others others",
    ({ root }) => {
      expect(verify(root, "etcd.service")).toEqual({ status: 0, output: "" });
      for (const plainUnit of [
        ...PLAIN_UNITS.map((name) => path.basename(name)),
        "etcd-backup.timer",
        "etcd-defragment.timer",
      ])
        expect(verify(root, plainUnit)).toEqual({ status: 0, output: "" });
    },
  );

  it.each(Object.entries(BARS))("%s exposes no more than %i tenths of 10", (unit, tenths) => {
    const analyze = ["security", "--offline=true", "--no-pager", `--threshold=${tenths}`, `--root=${roots[0]}`, unit];
    const { status, output } = runTool("systemd-analyze", analyze);
    const exposed = Number(new RegExp(`Overall exposure level for ${unit}: ([0-9.]+) `).exec(output)?.[1]);
    expect([unit, exposed * 10, status]).toEqual([unit, expect.any(Number), 0]);
    expect(exposed * 10).toBeLessThanOrEqual(tenths);
  });

  it("have a bar each, whatever is added", () => {
    const services = templateNames().filter((name) => /\.service(\.tftpl)?$/.test(name));
    expect(services.map((name) => path.basename(name, ".tftpl")).sort()).toEqual(Object.keys(BARS).sort());
  });

  it("are handed the backup storage's secrets where they need them, and are kept from them elsewhere", () => {
    const files = ["/etc/etcd/rclone.conf", "/etc/etcd/backup.passphrase"];
    for (const unit of PLAIN_UNITS.filter((name) => name.endsWith(".service"))) {
      const text = plain(unit);
      const handed = files.map((file) => text.includes(`LoadCredential=${path.basename(file)}:${file}\n`));
      const hidden = /^InaccessiblePaths=(.*)$/m.exec(text)?.[1].split(" ") ?? [];
      const needs = ["backup/etcd-backup.service", "upkeep/etcd-metrics.service"].includes(unit);
      // What may speak with the kernel alone has nobody to tell them to.
      const alone = /^RestrictAddressFamilies=AF_NETLINK$/m.test(text);
      expect([unit, handed]).toEqual([unit, [needs, needs]]);
      expect([unit, files.map((file) => hidden.includes(`-${file}`))]).toEqual([
        unit,
        [!needs && !alone, !needs && !alone],
      ]);
    }
  });

  it("would not pass with a mistake: the judge is awake", () => {
    const root = nodeRoot(path.join(scratch, "mistake"), SAMPLES[0]);
    const unit = path.join(root, "etc/systemd/system/etcd.service");
    writeFileSync(unit, render(filesOf(SAMPLES[0], "")).unit.replace("ProtectSystem=strict", "ProtectSystm=strict"));
    expect(verify(root, "etcd.service").output).toMatch(/Unknown key.*ProtectSystm/);
  });
});
