import { existsSync } from "node:fs";
import { find, runCommand } from "./tools";

/**
 * Runs once before the unit tier. A bare machine has no shellcheck; where we may, we install it. Where we may not, the
 * test that needs it says what to do.
 */
export default function globalSetup(): void {
  if (process.platform !== "linux" || find("shellcheck") !== undefined) return;
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) return;
  process.stderr.write("The unit tests check the node scripts with shellcheck: installing it with apt-get.\n");
  const apt = (...args: string[]): boolean => {
    const { status, output } = runCommand("/usr/bin/apt-get", ["-q", "-o", "DPkg::Lock::Timeout=60", ...args], {
      env: { DEBIAN_FRONTEND: "noninteractive" },
    });
    if (status !== 0) process.stderr.write(`${output}\n`);
    return status === 0;
  };
  const install = (): boolean => apt("install", "--yes", "--no-install-recommends", "shellcheck");
  if (!install() && apt("update")) install();
}
