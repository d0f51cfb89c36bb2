import type { NetworkCondition } from "../../rig/network";
import type { Rig } from "../../rig/rig";
import type { RigCluster } from "../../rig/cluster";
import { CONDITIONS, PROFILES, type Setting } from "./settings";

/** A cluster under test: which timeouts, over which WAN. */
export interface Subject {
  readonly setting: Setting;
  readonly condition: NetworkCondition;
  readonly cluster: RigCluster;
}

export interface Trial {
  readonly setting: Setting;
  readonly condition: NetworkCondition;
}

/** Each profile under each condition. */
export function profileTrials(): Trial[] {
  return PROFILES.flatMap((setting) => CONDITIONS.map((condition) => ({ setting, condition })));
}

/** Founds a cluster for each, one after the other: side by side their births would stand in each other's way. */
export async function foundAll(rig: Rig, trials: readonly Trial[]): Promise<Subject[]> {
  const subjects: Subject[] = [];
  for (const [index, { setting, condition }] of trials.entries()) {
    const { heartbeatMs, electionMs } = setting.tuning;
    const cluster = await rig.cluster({ name: `${condition.name}-${index}`, condition, heartbeatMs, electionMs });
    subjects.push({ setting, condition, cluster });
  }
  return subjects;
}
