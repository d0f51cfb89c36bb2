/** `npm run test:lab`, `npm run test:long`: the tests that boot machines, where machines can be booted. */
import { spawnSync } from "node:child_process";
import * as path from "node:path";

const problem =
  process.platform !== "linux"
    ? `this is ${process.platform}, and the lab boots Linux machines`
    : process.getuid?.() !== 0
      ? "this is not root, and only root may make network namespaces and boot machines"
      : undefined;

if (problem !== undefined) {
  console.error(`\n*** THE LAB TESTS DID NOT RUN: ${problem}. ***\n*** Nothing was proven about real machines. ***\n`);
  // On a person's laptop the unit tests are worth having alone; CI must not pass for less than it promises.
  process.exit(process.env.CI === "true" ? 1 : 0);
}

const jest = path.join(__dirname, "..", "node_modules", ".bin", "jest");
const [tier, ...options] = process.argv.slice(2);
const result = spawnSync(jest, ["--selectProjects", tier, "--runInBand", ...options], {
  stdio: "inherit",
});
process.exit(result.status ?? 1);
