import type { App } from "cdktf";
import { EtcdCluster, type EtcdClusterProps, ExistingHost, type ExistingHostProps } from "../../lib";
import { cloudlessStack, type Knobs, labRelease, STACK } from "./cluster-stack";

/** A cluster on machines that are there already, by their names. */
export interface ExistingMachines {
  readonly hosts: Readonly<Record<string, ExistingHostProps>>;
  readonly cluster?: Partial<EtcdClusterProps>;
}

/** Declares it, for a harness: no cloud has a part in it. */
export function declareExisting(
  machines: ExistingMachines,
): (app: App, knobs: Knobs, env: Readonly<Record<string, string>>) => void {
  return (app, knobs, env) => {
    const stack = cloudlessStack(app, STACK, env);
    const hosts = Object.entries(machines.hosts).map(([name, props]) => new ExistingHost(stack, name, props));
    new EtcdCluster(stack, "etcd", {
      ...labRelease(env, knobs),
      accessDirectory: env.ETCD_ACCESS_DIRECTORY,
      ...machines.cluster,
      hosts,
    }).addClient("operator");
  };
}
