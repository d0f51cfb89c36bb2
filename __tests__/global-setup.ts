import { existsSync, mkdirSync } from "node:fs";
import * as path from "node:path";
import { find, runCommand } from "./tools";

/** Where cdktf's App writes to, and what it makes without asking whether another process has made it meanwhile. */
const APP_OUTPUT = path.resolve(__dirname, "..", "cdktf.out");

/**
 * Runs once before the unit tier. A bare machine has no shellcheck, and maybe no openssl; where we may, we install them. Where we may
 * not, the test that needs one says what to do.
 */
export default function globalSetup(): void {
  mkdirSync(APP_OUTPUT, { recursive: true });
  const missing = ["openssl", "shellcheck"].filter((tool) => find(tool) === undefined);
  if (process.platform !== "linux" || missing.length === 0) return;
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) return;
  process.stderr.write(`The unit tests try the node scripts with ${missing.join(" and ")}: installing with apt-get.\n`);
  const apt = (...args: string[]): boolean => {
    const { status, output } = runCommand("/usr/bin/apt-get", ["-q", "-o", "DPkg::Lock::Timeout=60", ...args], {
      env: { DEBIAN_FRONTEND: "noninteractive" },
    });
    if (status !== 0) process.stderr.write(`${output}\n`);
    return status === 0;
  };
  const install = (): boolean => apt("install", "--yes", "--no-install-recommends", ...missing);
  if (!install() && apt("update")) install();
}
