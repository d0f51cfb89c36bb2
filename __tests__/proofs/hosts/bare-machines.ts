import { DigitaloceanProvider } from "@cdktf/provider-digitalocean/lib/provider";
import { TlsProvider } from "@cdktf/provider-tls/lib/provider";
import type { Workspace } from "../../lab/clouds/digitalocean/provider/terraform-workspace";
import { DigitalOceanHost, type DigitalOceanHostsProps } from "../../../lib";
import { SSH_FROM } from "../../synth";

/** Declares machines with nothing on them. */
export function declareMachines(
  work: Workspace,
  regions: string[],
  props: Partial<DigitalOceanHostsProps> = {},
): Promise<void> {
  return work.synth((stack) => {
    new DigitaloceanProvider(stack, "digitalocean");
    new TlsProvider(stack, "tls");
    DigitalOceanHost.inRegions(stack, regions, { sshFrom: SSH_FROM, ...props });
  });
}
