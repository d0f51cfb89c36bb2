/** What a member's machine gets by apt: from cloud-init (templates/cloud-init.yaml.tftpl) and from install (NodePart.packages). */
export const MACHINE_PACKAGES: readonly string[] = ["ca-certificates", "chrony", "curl", "rclone"];
