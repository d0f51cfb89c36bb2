/** The lab that this project is proven in, as `npm run lab` brings it up. */
import { keepCacheIn, type LabDefinition } from "terraform-lab";
import { RoundTripTimes } from "../lib/wan";
import { rolesOfMembers, supplyEtcd } from "./etcd/in-lab";

/** Those that cloud-init installs at every first boot, and that a fresh droplet does not have. Images may have them for tests that make many machines. */
export const FIRST_BOOT_PACKAGES: readonly string[] = ["chrony"];

// Whoever has run an earlier version has most of it there.
keepCacheIn("cdktf-etcd");

const times = RoundTripTimes.digitalOcean();

const definition: LabDefinition = {
  name: "etcd",
  command: "npm run lab --",
  distances: times.locations.flatMap((a, index) =>
    times.locations.slice(index + 1).map((b) => ({ a, b, rttMs: times.between(a, b) })),
  ),
  // What a member's machine gets by apt: from cloud-init (templates/boot/cloud-init.yaml.tftpl) and from install (NodePart.packages).
  packages: ["ca-certificates", "curl", "rclone", ...FIRST_BOOT_PACKAGES],
  supplies: supplyEtcd,
  roles: rolesOfMembers,
};

export default definition;
