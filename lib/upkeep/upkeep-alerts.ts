import { BackupPlan } from "../backup/backup-plan";
import { ResolvedPki } from "../pki/pki-props";
import type { TemplateVariables } from "../terraform/templates";

/**
 * What templates/access/alerts.yaml.tftpl is given for the metrics of templates/upkeep/metrics.sh; seconds throughout.
 *
 * @internal
 */
export function upkeepAlertVariables(cluster: string, pki: ResolvedPki, backup: BackupPlan): TemplateVariables {
  const { authorityWarningHours, earlyRenewalHours } = pki;
  return {
    cluster,
    // A deploy renews in the window; who has not deployed in the first half of it is told in the second.
    leaf_seconds: (earlyRenewalHours / 2) * 3600,
    authority_seconds: authorityWarningHours * 3600,
    // What is left then is meant for one of the three deploys of a rotation.
    authority_late_seconds: (authorityWarningHours / 3) * 3600,
    backup_seconds: backup.overdueSeconds,
    backed_up: backup.scheduled,
  };
}
