import { isLate, lateText, required, shape, shown } from "../validation";
import { ValidationError } from "../validation-error";
import type { BackupPlan } from "./backup-plan";

/** A new cluster out of a backup. */
export interface EtcdRestoreProps {
  /**
   * Name of the backup, for example "etcd-20261122T180000Z-4711.db": in the backup storage, or a file in
   * /var/lib/etcd-backup on every machine. It is read only when machines found a cluster: count `genesis` and the
   * machines' `generation` up by one in the same edit.
   */
  readonly snapshot: string;
}

/** What {@link EtcdRestoreProps} are made of. */
export const RESTORE = shape<EtcdRestoreProps>({ snapshot: required(lateText) });

/**
 * The snapshot's name, empty for none.
 *
 * @throws ValidationError if it is no name of a snapshot, or is given along with `recoverFrom`
 */
export function resolveRestore(
  props: EtcdRestoreProps | undefined,
  backup: BackupPlan,
  recoverFrom: string | undefined,
): string {
  if (props === undefined) return "";
  if (recoverFrom !== undefined) {
    throw new ValidationError({
      what: "restore",
      given: `a backup, and recoverFrom ${JSON.stringify(recoverFrom)}`,
      expected: "one of the two",
      mend: "take recoverFrom while a member's data is left, as it is newer than any backup; else restore",
    });
  }
  const { snapshot } = props;
  if (!isLate(snapshot) && !/^[A-Za-z0-9][\w.-]*\.db$/.test(snapshot)) {
    throw new ValidationError({
      what: "restore.snapshot",
      given: shown(snapshot),
      expected: `a file name that ends in .db, ${backup.storage === undefined ? "in /var/lib/etcd-backup on every machine" : "as the storage lists it"}`,
      mend: /\.db\.bin$/.test(snapshot)
        ? "leave out .bin, which the encryption adds to the object's name"
        : 'copy it from the list, for example "etcd-20261122T180000Z-4711.db"',
    });
  }
  return snapshot;
}
