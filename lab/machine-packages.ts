/** What a member's machine gets by apt: from cloud-init (templates/boot/cloud-init.yaml.tftpl) and from install (NodePart.packages). */
export const MACHINE_PACKAGES: readonly string[] = ["ca-certificates", "chrony", "curl", "rclone"];

/** Those that cloud-init installs at every first boot, and that a fresh droplet does not have. Images may have them for tests that make many machines. */
export const FIRST_BOOT_PACKAGES: readonly string[] = ["chrony"];
