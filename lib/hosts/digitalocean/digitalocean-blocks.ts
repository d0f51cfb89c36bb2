import { BlocksByType } from "../../terraform/hcl-form";

/** Blocks of the resources at DigitalOcean. */
export const DIGITAL_OCEAN_BLOCKS: BlocksByType = {
  digitalocean_droplet: ["timeouts", "backup_policy"],
  digitalocean_droplets: ["filter", "sort"],
  digitalocean_firewall: ["inbound_rule", "outbound_rule"],
  digitalocean_project_resources: [],
  digitalocean_ssh_key: [],
  digitalocean_tag: [],
};
