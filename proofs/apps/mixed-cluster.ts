import type { App } from "cdktf";
import { BARE_NETWORK, SITES_NETWORK } from "terraform-lab";
import { DigitalOceanHost, EtcdCluster, ExistingHost, type ExistingHostProps } from "../../lib";
import { clientAt } from "./client-at";
import { type Knobs, labRelease, labStack, STACK } from "./cluster-stack";

/** Machines at DigitalOcean, by region, and machines of one's own, by the names of the members on them. */
export interface MixedHosts {
  readonly droplets: readonly string[];
  readonly machines: Readonly<Record<string, ExistingHostProps>>;
  /** Locations of clients. */
  readonly clientSites: readonly string[];
}

/** Declares a cluster of both kinds, for a harness. */
export function declareMixed({ droplets, machines, clientSites }: MixedHosts) {
  return (app: App, knobs: Knobs, env: Readonly<Record<string, string>>): void => {
    const stack = labStack(app, STACK, env);
    const made =
      droplets.length === 0
        ? []
        : DigitalOceanHost.inRegions(stack, [...droplets], {
            sshFrom: [env.ETCD_SSH_FROM],
            // Members of other kinds are no part of the firewall's tag.
            clientsFrom: [env.ETCD_CLIENTS_FROM, SITES_NETWORK, BARE_NETWORK],
            peersFrom: [BARE_NETWORK],
          });
    const own = Object.entries(machines).map(([name, props]) => new ExistingHost(stack, name, props));
    const cluster = new EtcdCluster(stack, "etcd", {
      ...labRelease(env, knobs),
      hosts: [...made, ...own],
      accessDirectory: env.ETCD_ACCESS_DIRECTORY,
    });
    cluster.addClient("operator");
    for (const location of clientSites) cluster.addClient(clientAt(location), { from: location });
  };
}
