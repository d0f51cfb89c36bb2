import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { OperatorPriority } from "terraform-lab";
import { LabHarness } from "../harness";
import { ensureWorkload } from "../programs";
import { Stage } from "./stage";

/**
 * Boots a lab and does `action` with it, nothing being deployed yet; then, after an error or Ctrl-C too, takes all of it down. What
 * was applied is logged in the stage's directory, which stays.
 *
 * @param name of the directory that is made for logs and histories
 */
export async function onStage(name: string, action: (stage: Stage) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(path.join(tmpdir(), `cdktf-etcd-${name}-`));
  console.error(`Logs and histories: ${directory}`);
  const harness = new LabHarness(path.resolve(".lab-bench"));
  // As somebody on the first continent deploys it, whose computer is another one.
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

/** Runs a program to its end and exits; what was under way when it went wrong must not keep the process. */
export function exitAfter(main: () => Promise<void>): void {
  main().then(
    () => process.exit(0),
    (error: unknown) => {
      console.error(error instanceof Error ? error.message : error);
      process.exit(1);
    },
  );
}
