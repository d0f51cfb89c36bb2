import { setTimeout as sleep } from "node:timers/promises";
import type { Progress } from "terraform-lab";
import type { Rig } from "../../rig/rig";
import { found } from "./clusters";
import { markdownTable, milliseconds, seconds } from "../../figures/markdown";
import { CALM, LEADER_REGION, REGIONS, SETTINGS } from "./settings";
import type { Operation } from "../../workload/operation-log";
import { summarize, type Summary } from "./summary";
import { WriteClient, type ClientMode } from "./write-client";

const WRITES_PER_SECOND = 10;
/** Longer than a dropped write hangs, 5 s + 2 x election timeout, so that none is affected by two transfers. */
const BETWEEN_TRANSFERS_MS = 8000;
/** The longest that a write of a client with the recommended deadline may take. */
const STALL_MS = 1200;

/** Results of the clients of one kind at all three locations. */
export interface TransferResult {
  readonly mode: ClientMode;
  readonly transfers: number;
  readonly writes: Summary;
  /** Writes that took longer than {@link STALL_MS}. */
  readonly stalled: number;
}

const MODES: readonly ClientMode[] = ["recommended", "naive"];

/** Transfers leadership from region to region while recommended and naive clients write to the same cluster. */
export async function measureTransfers(rig: Rig, transfers: number, progress: Progress): Promise<TransferResult[]> {
  const subject = await found(rig, { setting: SETTINGS[0], condition: CALM, leader: LEADER_REGION });
  const { cluster } = subject;
  await cluster.placeLeader(LEADER_REGION);
  const clients: { readonly mode: ClientMode; readonly client: WriteClient; readonly operations: Operation[] }[] = [];
  for (const region of REGIONS) {
    for (const mode of MODES) {
      const client = await WriteClient.start(rig, { ...subject, region, mode, writesPerSecond: WRITES_PER_SECOND });
      clients.push({ mode, client, operations: [] });
    }
  }
  await sleep(BETWEEN_TRANSFERS_MS);
  for (const { client } of clients) client.operations();
  for (let i = 1; i <= transfers; i += 1) {
    await cluster.placeLeader(REGIONS[i % REGIONS.length]);
    await sleep(BETWEEN_TRANSFERS_MS);
    for (const { client, operations } of clients) operations.push(...client.operations());
    progress(`transfer: ${i} of ${transfers}`);
  }
  for (const { client } of clients) await client.stop();
  return MODES.map((mode) => {
    const operations = clients.filter((one) => one.mode === mode).flatMap((one) => one.operations);
    const stalled = operations.filter(({ dueMs, endMs }) => endMs - dueMs > STALL_MS).length;
    return { mode, transfers, writes: summarize(operations), stalled };
  });
}

export function transferTable(results: readonly TransferResult[]): string {
  return markdownTable(
    ["clients", "transfers", "writes", "failed", `above ${STALL_MS} ms`, "median", "p99", "worst"],
    results.map(({ mode, transfers, writes, stalled }) => [
      mode,
      String(transfers),
      String(writes.count),
      String(writes.failed),
      String(stalled),
      milliseconds(writes.medianMs),
      milliseconds(writes.p99Ms),
      seconds(writes.worstMs),
    ]),
  );
}
