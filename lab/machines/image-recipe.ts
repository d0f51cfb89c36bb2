/** The lab's own mirror as machines reach it: one archive per suite, at LAB_MIRROR/<suite> (see ../mirror). */
export const LAB_MIRROR = "http://198.18.0.2/debian";

/** File beside an image's root file system: the sources.list that it was built from. */
export const ARCHIVE_SOURCES = "archive-sources.list";

/** A Debian or Ubuntu release. */
export interface Distribution {
  readonly name: "debian" | "ubuntu";
  readonly suite: string;
  /** File with the archive's signing keys, as the distribution's keyring package installs it. */
  readonly keyring: string;
  readonly components: string;
}

/** The distribution behind a DigitalOcean image slug such as "debian-13-x64"; undefined if the lab has none. */
export function distributionOf(slug: string): Distribution | undefined {
  const debian = new Map([
    ["debian-12-x64", "bookworm"],
    ["debian-13-x64", "trixie"],
  ]).get(slug);
  if (debian !== undefined) {
    return {
      name: "debian",
      suite: debian,
      keyring: "/usr/share/keyrings/debian-archive-keyring.gpg",
      components: "main",
    };
  }
  const ubuntu = new Map([
    ["ubuntu-22-04-x64", "jammy"],
    ["ubuntu-24-04-x64", "noble"],
  ]).get(slug);
  if (ubuntu !== undefined) {
    return {
      name: "ubuntu",
      suite: ubuntu,
      keyring: "/usr/share/keyrings/ubuntu-archive-keyring.gpg",
      components: "main universe",
    };
  }
  return undefined;
}

/** Packages of a fresh droplet, as far as programs that run in the lab need them. */
export const IMAGE_PACKAGES: readonly string[] = [
  "ca-certificates",
  "cloud-init",
  "curl",
  "dbus",
  "iproute2",
  "iputils-ping",
  "kmod",
  "less",
  "libpam-systemd",
  "netbase",
  "nftables",
  "openssh-server",
  "procps",
  "sudo",
  "systemd",
  "systemd-sysv",
];

/** Paths that dpkg leaves out, now and in later installations. Copyright files stay, as their licences demand. */
export const DPKG_EXCLUDES: readonly string[] = [
  "path-exclude=/usr/share/man/*",
  "path-exclude=/usr/share/info/*",
  "path-exclude=/usr/share/doc/*",
  "path-include=/usr/share/doc/*/copyright",
  "path-exclude=/usr/share/locale/*",
  "path-exclude=/usr/share/i18n/locales/*",
  "path-include=/usr/share/i18n/locales/C",
  "path-exclude=/usr/share/lintian/*",
];

/** Units without use in a container that has the host's kernel and clock. */
const MASKED_UNITS: readonly string[] = [
  // There is no time server in the lab, and the clock is the host's: this unit would block multi-user.target.
  "chrony-wait.service",
  // The network is set up before the machine boots.
  "systemd-networkd.service",
  "systemd-networkd.socket",
  "systemd-networkd-wait-online.service",
  // Nobody sits at a console.
  "getty.target",
  "console-getty.service",
  // Not worth their processor time on machines that live for minutes and share processors.
  "apt-daily.timer",
  "apt-daily-upgrade.timer",
  "dpkg-db-backup.timer",
  "e2scrub_all.timer",
  "fstrim.timer",
  "man-db.timer",
];

/** Files of the image by path. */
export function imageFiles(distribution: Distribution): Readonly<Record<string, string>> {
  return {
    // Unsigned on purpose: the lab fetched the packages from the real archive and checked the signatures there.
    "/etc/apt/sources.list": `deb [trusted=yes] ${LAB_MIRROR}/${distribution.suite} ${distribution.suite} main\n`,
    "/etc/apt/apt.conf.d/90lab": 'Acquire::Languages "none";\n',
    "/etc/default/locale": "LANG=C.UTF-8\n",
    "/etc/cloud/cloud.cfg.d/95-lab.cfg": `# Where a droplet asks DigitalOcean's metadata service, a lab machine reads its seed directory.
datasource_list: [NoCloud]
network: {config: disabled}
# As on DigitalOcean's images: keys are for root.
disable_root: false
ssh_pwauth: false
users: []
# The only mirror inside the lab is the one that is configured already.
apt: {preserve_sources_list: true}
locale: false
`,
    // A container may not set the clock: chronyd runs without changing it.
    "/etc/systemd/system/chrony.service.d/lab.conf": `[Unit]
ConditionCapability=

[Service]
ExecStart=
ExecStart=!/usr/sbin/chronyd $DAEMON_OPTS -x
`,
    // Makes "chronyc tracking" report a synchronised clock, as the host's is.
    "/etc/chrony/conf.d/lab.conf": "local stratum 8\n",
  };
}

/** The shell script that mmdebstrap runs at the end, with the root file system's path as its argument. */
export function customizeScript(distribution: Distribution): string {
  const files = Object.entries(imageFiles(distribution)).map(([file, text]) => {
    const dir = file.slice(0, file.lastIndexOf("/"));
    return `mkdir -p "$1${dir}"\ncat > "$1${file}" <<'LAB_EOF'\n${text}LAB_EOF\n`;
  });
  const masks = MASKED_UNITS.map((unit) => `ln -sf /dev/null "$1/etc/systemd/system/${unit}"\n`);
  return [
    "set -eu\n",
    // mmdebstrap's sources, from which package-mirror.ts fetches more packages.
    `cp "$1/etc/apt/sources.list" "$1/../${ARCHIVE_SOURCES}"\n`,
    'rm -f "$1"/etc/apt/sources.list.d/* "$1"/etc/resolv.conf\n',
    ...files,
    ...masks,
    'chroot "$1" systemctl disable --quiet nftables.service\n',
    // Each machine makes its own: systemd fills an empty machine-id at boot, cloud-init makes the host keys.
    'rm -f "$1"/etc/ssh/ssh_host_* "$1/var/lib/dbus/machine-id"\n',
    ': > "$1/etc/machine-id"\n',
    // It has the name of the machine that builds the image.
    'rm -f "$1/etc/hostname"\n',
    `printf '127.0.0.1 localhost\\n::1 localhost ip6-localhost ip6-loopback\\n' > "$1/etc/hosts"\n`,
    ': > "$1/etc/resolv.conf"\n',
    'rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/*.bin "$1"/var/cache/apt/archives/*.deb "$1"/var/log/*.log "$1"/var/log/apt\n',
    'mkdir -p "$1/var/lib/apt/lists/partial" "$1/var/log/apt"\n',
  ].join("");
}
