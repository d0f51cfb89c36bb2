import type { NetworkCondition } from "../../rig/network";
import type { Rig } from "../../rig/rig";
import type { RigCluster } from "../../rig/cluster";
import { CALM, CONDITIONS, LEADER_REGION, PROFILES, REGIONS, SETTINGS, type Setting } from "./settings";

/** Timeouts, the WAN's condition and the leader's region to test together. */
export interface Trial {
  readonly setting: Setting;
  readonly condition: NetworkCondition;
  readonly leader: string;
}

/** A trial and its cluster. */
export interface Subject extends Trial {
  readonly cluster: RigCluster;
}

/** Each profile under each condition. */
export function profileTrials(): Trial[] {
  return PROFILES.flatMap((setting) => CONDITIONS.map((condition) => ({ setting, condition, leader: LEADER_REGION })));
}

/** Others' settings, then the library's default with the leader elsewhere, then each profile under each condition. */
export function failoverTrials(): readonly Trial[] {
  const calm = SETTINGS.map((setting) => ({ setting, condition: CALM, leader: LEADER_REGION }));
  // The distance between the remaining members decides how long an election takes.
  const elsewhere = REGIONS.filter((region) => region !== LEADER_REGION).map((leader) => ({ ...calm[0], leader }));
  const weathers = CONDITIONS.flatMap((condition) => profileTrials().filter((trial) => trial.condition === condition));
  return [...calm, ...elsewhere, ...weathers];
}

/** A trial's name on the command line: `balanced/fair`, or with the leader elsewhere `balanced/calm/nyc3`. */
export function trialName({ setting, condition, leader }: Trial): string {
  const name = setting.name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
  return [name, condition.name, ...(leader === LEADER_REGION ? [] : [leader])].join("/");
}

/** Starts a trial's cluster. */
export async function found(rig: Rig, trial: Trial): Promise<Subject> {
  const { heartbeatMs, electionMs } = trial.setting.tuning;
  const name = trialName(trial).replaceAll("/", "-");
  return { ...trial, cluster: await rig.cluster({ name, condition: trial.condition, heartbeatMs, electionMs }) };
}
