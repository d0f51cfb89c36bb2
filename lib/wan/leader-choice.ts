import type { ClientLocation } from "./client-location";

/** A location as the place for the leader. All times are medians in milliseconds. */
export interface LeaderChoice {
  /** Where the leader would be. */
  readonly location: string;
  /** How long it takes a leader there to commit: the round trip to the nearest members that make up a quorum with it. */
  readonly commitMs: number;
  /** The mean over the clients, by weight, of a write. Linearizable reads take as long. */
  readonly meanWriteMs: number;
  /** A write as the worst-placed client sees it. */
  readonly worstWriteMs: number;
}

/** The clients' writes alone, in milliseconds. */
export type Writes = Pick<LeaderChoice, "meanWriteMs" | "worstWriteMs">;

/** What a leader there means for the clients, given how long a write of each of them takes. */
export function leaderChoice(
  location: string,
  commitMs: number,
  clients: ClientLocation[],
  writeMs: (client: string) => number,
): LeaderChoice {
  const writes = clients.map((client) => ({ ms: writeMs(client.location), weight: client.weight ?? 1 }));
  const weights = writes.reduce((sum, write) => sum + write.weight, 0);
  return {
    location,
    commitMs,
    meanWriteMs: writes.reduce((sum, write) => sum + write.ms * write.weight, 0) / weights,
    worstWriteMs: Math.max(...writes.filter((write) => write.weight > 0).map((write) => write.ms)),
  };
}

/** For sorting, best first: by the mean write, then by the worst. */
export function compareWrites(x: Writes, y: Writes): number {
  return compareMs(x.meanWriteMs, y.meanWriteMs) || compareMs(x.worstWriteMs, y.worstWriteMs);
}

/** Compares to the nanosecond: finer differences come from the order in which numbers were added up. */
export function compareMs(x: number, y: number): number {
  return Math.round(x * 1e6) - Math.round(y * 1e6);
}
