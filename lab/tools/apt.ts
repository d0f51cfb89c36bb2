import { readFile } from "node:fs/promises";
import { CommandError, run } from "./command";
import { findCommand } from "./find-command";
import { silent, type Progress } from "./progress";
import { ToolError } from "./tool-error";

/** Commands that the lab runs, and the Debian packages that have them. */
const PACKAGES_OF = {
  mmdebstrap: "mmdebstrap",
  "systemd-nspawn": "systemd-container",
  nft: "nftables",
  ip: "iproute2",
  "apt-ftparchive": "apt-utils",
  curl: "curl",
  flock: "util-linux",
  tar: "tar",
  go: "golang-go",
  cc: "gcc libc6-dev",
  openssl: "openssl",
  promtool: "prometheus",
} as const;

/** A command that {@link ensureCommands} can install. */
export type LabCommand = keyof typeof PACKAGES_OF;

/** Commands that every lab needs; `go` is installed only if something has to be built. */
export const LAB_COMMANDS: readonly LabCommand[] = [
  "mmdebstrap",
  "systemd-nspawn",
  "nft",
  "ip",
  "apt-ftparchive",
  "curl",
  "flock",
  "tar",
];

/** The host's properties that matter for installing packages; replaced in tests. */
export interface AptHost {
  readonly platform: NodeJS.Platform;
  readonly uid: number | undefined;
  readonly find: (command: string) => Promise<string | undefined>;
  /** The text of /etc/os-release, empty if there is none. */
  readonly osRelease: () => Promise<string>;
  /** Runs apt-get; rejects if it fails. */
  readonly aptGet: (args: readonly string[]) => Promise<void>;
}

/** Installs the Debian packages of `commands` that are missing; returns the installed packages. */
export async function ensureCommands(
  commands: readonly LabCommand[] = LAB_COMMANDS,
  progress: Progress = silent,
  host: AptHost = thisHost,
): Promise<readonly string[]> {
  if (host.platform !== "linux") {
    throw new ToolError(
      `The lab boots Linux machines and cannot run on ${host.platform}.`,
      "Run it on a Debian or Ubuntu machine, for example a small cloud server.",
    );
  }
  const missing: LabCommand[] = [];
  for (const command of commands) {
    if ((await host.find(command)) === undefined) missing.push(command);
  }
  if (missing.length === 0) return [];

  const packages = [...new Set(missing.flatMap((command) => PACKAGES_OF[command].split(" ")))];
  const lacking = `The lab needs ${missing.join(", ")}, which this machine does not have.`;
  if (!isDebianLike(await host.osRelease())) {
    throw new ToolError(
      lacking,
      `Install what Debian calls ${packages.join(", ")} with this system's package manager.`,
    );
  }
  if (host.uid !== 0) {
    throw new ToolError(lacking, `Run: sudo apt-get install ${packages.join(" ")}`);
  }
  progress(`Installing ${packages.join(", ")} with apt-get`);
  const install = ["install", "--yes", "--no-install-recommends", ...packages];
  try {
    await host.aptGet(install);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    // Missing or outdated lists are the usual cause. Updating them before the first attempt would cost time in every run.
    progress("Updating the package lists");
    try {
      await host.aptGet(["update"]);
      await host.aptGet(install);
    } catch (again) {
      throw new ToolError(
        `apt-get could not install ${packages.join(", ")}: ${again instanceof Error ? again.message : String(again)}`,
        `Run "apt-get install ${packages.join(" ")}" by hand and read what it says.`,
        { cause: again },
      );
    }
  }
  return packages;
}

function isDebianLike(osRelease: string): boolean {
  return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(osRelease);
}

const thisHost: AptHost = {
  platform: process.platform,
  uid: process.getuid?.(),
  find: findCommand,
  osRelease: () => readFile("/etc/os-release", "utf8").catch(() => ""),
  aptGet: async (args) => {
    // Another apt, such as unattended upgrades, may hold the lock for a while.
    await run(["apt-get", "-q", "-o", "DPkg::Lock::Timeout=120", ...args], {
      env: { DEBIAN_FRONTEND: "noninteractive" },
    });
  },
};
