import { commands, libraries, NodePart, secret, text, units, UNITS } from "../node/node-part";
import { Templates } from "../terraform/templates";
import { rcloneValue, trimmed, withoutFinalLineBreak } from "../terraform/writers";
import { BackupPlan, JITTER_SECONDS, ResolvedStorage } from "./backup-plan";

/**
 * What nodes need to take backups and to restore one. It is there where none are scheduled, too: one can be taken by
 * hand.
 */
export function backupPart(templates: Templates, plan: BackupPlan): NodePart {
  const { storage } = plan;
  return {
    files: {
      ...commands(templates, "backup/backup.sh", "backup/restore-snapshot.sh", "backup/check-restore.sh"),
      ...libraries(templates, "backup/backups.sh"),
      ...units(templates, "backup/etcd-backup.service"),
      [`${UNITS}/etcd-backup.timer`]: text(
        templates.render("backup/etcd-backup.timer.tftpl", {
          hours: Array.from({ length: 24 / plan.intervalHours }, (_, index) => index * plan.intervalHours),
          jitter_seconds: JITTER_SECONDS,
        }),
      ),
      "/etc/etcd/backup.env": text(
        templates.render("backup/backup.env.tftpl", {
          interval_seconds: plan.intervalHours * 3600,
          overdue_seconds: plan.overdueSeconds,
          keep_local: plan.keepLocal,
          stored: storage !== undefined,
          keep_days: storage?.keepDays ?? 0,
          keep_at_least: storage?.keepAtLeast ?? 0,
        }),
      ),
    },
    // Written empty without a storage, so that those of an earlier deploy do not stay.
    secrets: {
      "/etc/etcd/rclone.conf": secret("root:root", rcloneConfiguration(templates, storage), "0600"),
      "/etc/etcd/backup.passphrase": secret("root:root", withoutFinalLineBreak(storage?.passphrase ?? "")),
    },
    timers: { "etcd-backup.timer": plan.scheduled },
    packages: storage === undefined ? [] : ["rclone"],
  };
}

function rcloneConfiguration(templates: Templates, storage: ResolvedStorage | undefined): string {
  if (storage === undefined) return "# Written by cdktf-etcd: backups go to no storage.\n";
  return templates.render("backup/rclone.conf.tftpl", {
    endpoint: rcloneValue(trimmed(storage.endpoint)),
    region: rcloneValue(trimmed(storage.region)),
    remote: rcloneValue(`store:${trimmed(storage.bucket)}/${trimmed(storage.prefix)}`),
    // No storage issues keys with blanks at their ends; a file that Terraform reads one from may have them.
    access_key_id: rcloneValue(trimmed(storage.accessKeyId)),
    secret_access_key: rcloneValue(trimmed(storage.secretAccessKey)),
  });
}
