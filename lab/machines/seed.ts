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
 * What cloud-init finds at the first boot. JSON is YAML: no value can break out of its place.
 *
 * The keys are metadata, as at DigitalOcean, rather than part of the vendor's configuration: user data with a list of keys of its own
 * replaces the vendor's list, but adds to those of the metadata.
 */
export function seedFiles(spec: MachineSpec): SeedFile[] {
  const metaData = {
    "instance-id": String(spec.id),
    "local-hostname": spec.name,
    "public-keys": spec.sshKeys.map((key) => key.trim()),
  };
  // What DigitalOcean's images say: root may log in, there is no other user, and cloud-init looks after /etc/hosts. User data wins.
  const vendorData = { disable_root: false, ssh_pwauth: false, manage_etc_hosts: true, users: [] };
  // One key per line: a shell script of cloud-init reads this too, and is no YAML parser.
  const local = "datasource_list: [ NoCloud, None ]\nnetwork: { config: disabled }\n";
  return [
    { path: `${SEED}/meta-data`, content: `${JSON.stringify(metaData)}\n`, mode: 0o600 },
    { path: `${SEED}/user-data`, content: spec.userData ?? "", mode: 0o600 },
    { path: `${SEED}/vendor-data`, content: `#cloud-config\n${JSON.stringify(vendorData)}\n`, mode: 0o600 },
    { path: "etc/cloud/cloud.cfg.d/99_lab.cfg", content: local, mode: 0o644 },
    { path: "etc/hostname", content: `${spec.name}\n`, mode: 0o644 },
    { path: "etc/machine-id", content: "", mode: 0o444 },
    // The lab has no name servers.
    { path: "etc/resolv.conf", content: "", mode: 0o644 },
    ...(spec.sshNotReadySeconds ? notReadyUnits(spec.sshNotReadySeconds) : []),
  ];
}

const NOT_READY_MARK = "# The droplet is not ready yet";

/** What DigitalOcean's images have at the end of sshd_config until their first boot is done; empty without this fault. */
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
    // Since this machine's own systemd started; OnBootSec would count from the start of the lab's host.
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
