import { cpSync, existsSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import type { Lab, LabPaths, NspawnMachineDriver } from "terraform-lab";

const JOURNAL_TIMEOUT_MS = 30_000;

/** Keeps what shows why something failed, in a directory. */
export type EvidenceKeeper = (directory: string) => void | Promise<void>;

/** What the environment of the tests calls the list of those that it asks; see proofs/suite/story-environment.ts. */
export const KEEPERS = "cdktfEtcdEvidenceKeepers";

/** Has something kept once a test has failed, while the lab is still up. Outside of tests nobody asks for it. */
export function onFailure(keep: EvidenceKeeper): void {
  const { [KEEPERS]: keepers } = globalThis as { readonly [KEEPERS]?: EvidenceKeeper[] };
  keepers?.push(keep);
}

/**
 * Saves what a lab knows of itself, as far as it is up: what its machines, its API server, its WAN and Terraform have said. Not the state of
 * Terraform nor that of the API server, which have private keys in them.
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
 * Saves the journals of all machines that run.
 *
 * @param sinceMs from when on; all of them unless told
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

/** In the place of what can't be had stands why: half a lab, too, has something to show. */
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
