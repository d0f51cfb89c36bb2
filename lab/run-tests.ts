/** `npm run test:lab`, `npm run test:long`: the tests that boot machines, where machines can be booted. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";
import * as path from "node:path";
import { LabHarness } from "./harness";
import { hasEnded } from "./tools/child";

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

/** Runs jest, and returns its exit status. Interrupted, it ends what jest has started, and takes the tests' lab down: jest itself just ends. */
async function runJest(args: readonly string[]): Promise<number> {
  const jest = path.join(__dirname, "..", "node_modules", ".bin", "jest");
  // In a process group of its own, so that all of it can be told to end.
  const child = spawn(jest, args, { stdio: "inherit", detached: true });
  let interruptedBy: NodeJS.Signals | undefined;
  const interrupt = (signal: NodeJS.Signals): void => {
    interruptedBy ??= signal;
    // Without a number it never began.
    if (child.pid !== undefined && !hasEnded(child)) process.kill(-child.pid, "SIGTERM");
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, interrupt);
  await once(child, "exit");
  if (interruptedBy === undefined) return child.exitCode ?? 1;
  console.error("\nInterrupted: taking the tests' lab down");
  await new LabHarness().down();
  return 128 + constants.signals[interruptedBy];
}

const [tier, ...options] = process.argv.slice(2);
new LabHarness()
  .prepare((step) => {
    console.error(`      lab: ${step}`);
  })
  .then(() => runJest(["--selectProjects", tier, "--runInBand", ...options]))
  .then(
    (status) => process.exit(status),
    (error: unknown) => {
      console.error(error instanceof Error ? error.message : error);
      process.exit(1);
    },
  );
