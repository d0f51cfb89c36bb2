import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { OperatorPriority } from "terraform-lab";
import { LabHarness } from "../harness";
import { ensureWorkload } from "../programs";
import { Stage } from "./stage";

/**
 * Boots a lab, without a deployed cluster, and runs `action` with it; takes it down afterwards, also after an error or
 * Ctrl-C. Applies are logged in the stage's directory, which is kept.
 *
 * @param name part of the name of the directory for logs and histories
 */
export async function onStage(name: string, action: (stage: Stage) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(path.join(tmpdir(), `cdktf-etcd-${name}-`));
  console.error(`Logs and histories: ${directory}`);
  const harness = new LabHarness(path.resolve(".lab-bench"));
  // The operator is next to London, and has a computer of its own: its programs give way to the machines.
  const stage = new Stage(harness, directory, {}, { cdktf: true, priority: OperatorPriority.IDLE });
  const interrupted = new Promise<never>((_resolve, reject) => {
    process.once("SIGINT", () => {
      console.error("Interrupted: taking the lab down ...");
      reject(new Error("interrupted"));
    });
  });
  const all = async (): Promise<void> => {
    await ensureWorkload(console.error);
    await harness.up({ operatorInLondon: true, freshDroplets: true });
    await action(stage);
  };
  try {
    await Promise.race([all(), interrupted]);
  } finally {
    stage.abort();
    await harness.down();
  }
}

/** Runs a program to its end and exits, so that work left by a failure does not keep the process alive. */
export function exitAfter(main: () => Promise<void>): void {
  main().then(
    () => process.exit(0),
    (error: unknown) => {
      console.error(error instanceof Error ? error.message : error);
      process.exit(1);
    },
  );
}
