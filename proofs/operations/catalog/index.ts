import type { Operation } from "../operation";
import { LEAVES_RENEWED, ROTATIONS, SERVER_NAME_ADDED } from "./certificates";
import { NOTHING, UNCHANGED } from "./controls";
import {
  ALL_MACHINES,
  LEADER_LOST,
  MACHINE_DELETED,
  MACHINE_REPLACED,
  MACHINE_REPLACED_1_GB,
  MAJORITY_LOST,
} from "./machines";
import { GROW_TO_FIVE, GROW_TO_THREE, MOVE, MOVE_BACK, SHRINK_TO_ONE, SHRINK_TO_THREE } from "./membership";
import { BAD_SETTING, SETTINGS_ROLL } from "./settings";
import { BACKUP, DEFRAGMENTATION, QUOTA_EXCEEDED } from "./upkeep";
import { DOWNGRADE, OLDER_VERSIONS, UPGRADE } from "./versions";

/** The operations in the order of the bench: each is possible after the one before. */
export const OPERATIONS: readonly Operation[] = [
  SETTINGS_ROLL,
  BAD_SETTING,
  MACHINE_DELETED,
  MACHINE_REPLACED,
  ALL_MACHINES,
  LEAVES_RENEWED,
  SERVER_NAME_ADDED,
  ...ROTATIONS,
  MOVE,
  MOVE_BACK,
  GROW_TO_FIVE,
  SHRINK_TO_THREE,
  SHRINK_TO_ONE,
  GROW_TO_THREE,
  BACKUP,
  DEFRAGMENTATION,
  LEADER_LOST,
  UPGRADE,
  DOWNGRADE,
];

/**
 * The operations that the bench measures: first the controls; last the accidents, and those that leave a gigabyte of
 * data behind.
 */
export const MEASURED: readonly Operation[] = [
  NOTHING,
  UNCHANGED,
  ...OPERATIONS,
  ...OLDER_VERSIONS,
  MAJORITY_LOST,
  QUOTA_EXCEEDED,
  MACHINE_REPLACED_1_GB,
];

/** The operations that the campaign draws from: those without preparation, as its load never pauses. */
export const DRAWN: readonly Operation[] = OPERATIONS.filter(({ prepare }) => prepare === undefined);

/** @throws Error if none of these has that name */
export function operationNamed(name: string, among = MEASURED): Operation {
  const found = among.find((operation) => operation.name === name);
  if (found !== undefined) return found;
  throw new Error(`there is no operation "${name}", but: ${among.map((one) => one.name).join(", ")}`);
}
