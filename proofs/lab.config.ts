/** The lab in which this project is tested, as `npm run lab` brings it up. */
import { keepCacheIn, type LabDefinition } from "terraform-lab";
import { RoundTripTimes } from "../lib/wan";
import { rolesOfMembers, supplyEtcd } from "./etcd/in-lab";

/** Packages that cloud-init installs at the first boot. Images for tests that make many machines have them already. */
export const FIRST_BOOT_PACKAGES: readonly string[] = ["chrony"];

// Earlier versions have used this directory, so most of the cache may be there already.
keepCacheIn("cdktf-etcd");

const times = RoundTripTimes.digitalOcean();

const definition: LabDefinition = {
  name: "etcd",
  command: "npm run lab --",
  distances: times.locations.flatMap((a, index) =>
    times.locations.slice(index + 1).map((b) => ({ a, b, rttMs: times.between(a, b) })),
  ),
  // Packages that nodes install: by cloud-init (templates/boot/cloud-init.yaml.tftpl) and in install (NodePart.packages).
  packages: ["ca-certificates", "curl", "rclone", ...FIRST_BOOT_PACKAGES],
  supplies: supplyEtcd,
  roles: rolesOfMembers,
};

export default definition;
