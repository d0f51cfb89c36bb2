import { LocalProvider } from "@cdktf/provider-local/lib/provider";
import { TlsProvider } from "@cdktf/provider-tls/lib/provider";
import { type App, LocalBackend, TerraformStack } from "cdktf";
import { EtcdCluster, type EtcdClusterProps, ExistingHost, type ExistingHostProps } from "../../lib";
import { type Knobs, labRelease, STACK } from "./cluster-stack";

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
    const stack = new TerraformStack(app, STACK);
    new LocalBackend(stack, { path: `${env.ETCD_STATE_DIRECTORY}/terraform.${STACK}.tfstate` });
    new TlsProvider(stack, "tls");
    new LocalProvider(stack, "local");
    const hosts = Object.entries(machines.hosts).map(([name, props]) => new ExistingHost(stack, name, props));
    new EtcdCluster(stack, "etcd", {
      ...labRelease(env, knobs),
      accessDirectory: env.ETCD_ACCESS_DIRECTORY,
      ...machines.cluster,
      hosts,
    }).addClient("operator");
  };
}
