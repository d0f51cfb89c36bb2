/** What cloud-init of a member installs by apt: see templates/cloud-init.yaml.tftpl. */
export const MACHINE_PACKAGES: readonly string[] = ["ca-certificates", "chrony", "curl"];
