import { readFileSync } from "node:fs";
import * as path from "node:path";

/**
 * What the members of a real cluster (etcd 3.6.14, round trips of 78, 167 and 224 ms in the lab) had in their /metrics about their
 * peers, twice, 34 s apart and eight minutes after their birth: exactly one entry of each of the two probers lies in between.
 */
export function recordedMetrics(location: string, moment: "before" | "after"): string {
  return readFileSync(path.join(__dirname, "recorded", `${location}-${moment}.txt`), "utf8");
}

/** The members' ids in what was recorded. */
export const RECORDED_IDS = { lon1: "1bc982440f9de603", nyc3: "2bdb2e646ae5dc3f", sgp1: "25330a5744e3713b" } as const;
