import type { MachineSpec } from "./machine-driver";

/** A file to put on a machine's disk before its first boot. */
export interface SeedFile {
  /** Path on the machine, without the leading slash. */
  readonly path: string;
  readonly content: string;
  readonly mode: number;
}

const SEED = "var/lib/cloud/seed/nocloud";

/**
 * The files that cloud-init reads at the first boot. They are JSON, which is YAML in which every value is quoted.
 *
 * The SSH keys are metadata, as at DigitalOcean, and no vendor data: keys in the user data replace those of vendor data
 * but add to those of metadata.
 */
export function seedFiles(spec: MachineSpec): SeedFile[] {
  const metaData = {
    "instance-id": String(spec.id),
    "local-hostname": spec.name,
    "public-keys": spec.sshKeys.map((key) => key.trim()),
  };
  // As in DigitalOcean's images: root may log in, there is no other user, and cloud-init manages /etc/hosts. User data
  // overrides this.
  const vendorData = { disable_root: false, ssh_pwauth: false, manage_etc_hosts: true, users: [] };
  // One key per line, because cloud-init's ds-identify, a shell script, reads this too.
  const local = "datasource_list: [ NoCloud, None ]\nnetwork: { config: disabled }\n";
  return [
    { path: `${SEED}/meta-data`, content: `${JSON.stringify(metaData)}\n`, mode: 0o600 },
    { path: `${SEED}/user-data`, content: spec.userData ?? "", mode: 0o600 },
    { path: `${SEED}/vendor-data`, content: `#cloud-config\n${JSON.stringify(vendorData)}\n`, mode: 0o600 },
    { path: "etc/cloud/cloud.cfg.d/99_lab.cfg", content: local, mode: 0o644 },
    ...identityFiles(spec),
    ...(spec.sshNotReadySeconds ? notReadyUnits(spec.sshNotReadySeconds) : []),
  ];
}

/** The files that make a copy of the image a machine of its own, with a cloud or without. */
export function identityFiles(spec: MachineSpec): SeedFile[] {
  return [
    { path: "etc/hostname", content: `${spec.name}\n`, mode: 0o644 },
    { path: "etc/machine-id", content: "", mode: 0o444 },
    // The lab has no name servers.
    { path: "etc/resolv.conf", content: "", mode: 0o644 },
  ];
}

const NOT_READY_MARK = "# The droplet is not ready yet";

/** The end of sshd_config in DigitalOcean's images until the first boot is complete; empty without this fault. */
export function notReadySshdConfig(spec: MachineSpec): string {
  if (!spec.sshNotReadySeconds) {
    return "";
  }
  return [
    "",
    NOT_READY_MARK,
    "Match User root",
    '\tForceCommand echo "Please wait while we get your droplet ready..."',
    "",
  ].join("\n");
}

function notReadyUnits(seconds: number): SeedFile[] {
  const service = [
    "[Unit]",
    "Description=Let root in: the droplet is ready",
    "[Service]",
    "Type=oneshot",
    `ExecStart=/bin/sed -i "/^${NOT_READY_MARK}/,$$d" /etc/ssh/sshd_config`,
    "ExecStart=-/bin/systemctl try-reload-or-restart ssh.service",
    "ExecStart=/bin/rm -f /etc/systemd/system/timers.target.d/droplet-ready.conf",
    "",
  ];
  const timer = [
    "[Unit]",
    "Description=The droplet becomes ready",
    "[Timer]",
    // Counts from the start of this machine's systemd; OnBootSec counts from the boot of the host.
    `OnStartupSec=${seconds}s`,
    "AccuracySec=50ms",
    "",
  ].join("\n");
  const units = "etc/systemd/system";
  return [
    { path: `${units}/droplet-ready.service`, content: service.join("\n"), mode: 0o644 },
    { path: `${units}/droplet-ready.timer`, content: timer, mode: 0o644 },
    {
      path: `${units}/timers.target.d/droplet-ready.conf`,
      content: "[Unit]\nWants=droplet-ready.timer\n",
      mode: 0o644,
    },
  ];
}
