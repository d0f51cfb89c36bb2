import { cpSync, existsSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import type { Lab, LabPaths, NspawnMachineDriver } from "terraform-lab";

const JOURNAL_TIMEOUT_MS = 30_000;

/** Saves evidence of a failure to a directory. */
export type EvidenceKeeper = (directory: string) => void | Promise<void>;

/** The global variable in which the tests' environment has the list of keepers; see proofs/suite/story-environment.ts. */
export const KEEPERS = "cdktfEtcdEvidenceKeepers";

/** Registers a keeper, which is called after a test's failure while the lab is still up. No effect outside of tests. */
export function onFailure(keep: EvidenceKeeper): void {
  const { [KEEPERS]: keepers } = globalThis as { readonly [KEEPERS]?: EvidenceKeeper[] };
  keepers?.push(keep);
}

/**
 * Saves the logs of a lab's machines, API server, WAN and Terraform runs, as far as it is up. The states of Terraform and
 * of the API server are left out, as they contain private keys.
 */
export async function saveEvidence(lab: Lab, paths: LabPaths, directory: string): Promise<void> {
  if (!existsSync(paths.root)) return;
  const driver = lab.driver();
  for (const { id, name } of driver.list()) copy(driver.consoleLog(id), path.join(directory, `${name}-${id}.console`));
  copy(paths.daemonLog, path.join(directory, "daemon.log"));
  copy(path.join(paths.wan, "wan.log"), path.join(directory, "wan.log"));
  copy(paths.runs, path.join(directory, "runs"));
  const requests = async (): Promise<string> =>
    (await lab.api().requests()).map((request) => `${JSON.stringify(request)}\n`).join("");
  await Promise.all([write(path.join(directory, "requests.jsonl"), requests), saveJournals(driver, directory)]);
}

/**
 * Saves the journals of all running machines.
 *
 * @param sinceMs the beginning; by default that of the journals
 */
export async function saveJournals(driver: NspawnMachineDriver, directory: string, sinceMs?: number): Promise<void> {
  const since = sinceMs === undefined ? [] : [`--since=@${Math.floor(sinceMs / 1000)}`];
  const command = ["journalctl", "-o", "short-precise", "--no-pager", ...since];
  const journal = async (id: number): Promise<string> => {
    const { stdout, stderr } = await driver.exec(id, command, { timeoutMs: JOURNAL_TIMEOUT_MS });
    return stdout + stderr;
  };
  await Promise.all(
    driver.list().map(async ({ id, name }) => {
      if ((await driver.state(id)) !== "running") return;
      await write(path.join(directory, `${name}-${id}.journal`), () => journal(id));
    }),
  );
}

/** Writes a text to a file or, if it cannot be had, the error: a lab that is half down still has other evidence. */
async function write(file: string, text: () => Promise<string>): Promise<void> {
  try {
    writeFileSync(file, await text());
  } catch (error) {
    writeFileSync(file, `not to be had: ${error instanceof Error ? error.message : String(error)}\n`);
  }
}

function copy(from: string, to: string): void {
  if (existsSync(from)) cpSync(from, to, { recursive: true });
}
