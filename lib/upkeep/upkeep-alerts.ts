import { BackupPlan } from "../backup/backup-plan";
import { ResolvedPki } from "../pki/pki-props";
import type { TemplateVariables } from "../terraform/templates";
import { plainName } from "../terraform/writers";

/**
 * What templates/access/alerts.yaml.tftpl is given for the metrics of templates/upkeep/metrics.sh; seconds throughout.
 *
 * @internal
 */
export function upkeepAlertVariables(cluster: string, pki: ResolvedPki, backup: BackupPlan): TemplateVariables {
  const { authorityWarningHours, earlyRenewalHours } = pki;
  return {
    cluster: plainName(cluster),
    // Deploys renew leaves within the renewal window; alert when half of it has passed without one.
    leaf_seconds: (earlyRenewalHours / 2) * 3600,
    authority_seconds: authorityWarningHours * 3600,
    // By then only the time for one of the three deploys of a rotation is left.
    authority_late_seconds: (authorityWarningHours / 3) * 3600,
    backup_seconds: backup.overdueSeconds,
    backed_up: backup.scheduled,
  };
}
