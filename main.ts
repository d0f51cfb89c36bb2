import { DigitaloceanProvider } from "@cdktf/provider-digitalocean/lib/provider";
import { LocalProvider } from "@cdktf/provider-local/lib/provider";
import { TlsProvider } from "@cdktf/provider-tls/lib/provider";
import * as path from "node:path";
import { App, LocalBackend, TerraformStack } from "cdktf";
import { Construct } from "constructs";
import { DigitalOceanHost, EtcdCluster, EtcdVersion } from "./lib";

/** Where the members are. Add "sfo3" and "ams3", and the cluster survives the loss of any two locations. */
const REGIONS = ["lon1", "nyc3", "sgp1"];

/** What differs from one place of work to another comes from the environment; docs/configuration.md lists it. */
const env = process.env;
const networks = (value: string | undefined): string[] => value?.split(",").filter(Boolean) ?? [];

class EtcdAcrossContinents extends TerraformStack {
  public constructor(scope: Construct, id: string) {
    super(scope, id);
    if (env.ETCD_STATE_DIRECTORY) {
      new LocalBackend(this, { path: path.resolve(env.ETCD_STATE_DIRECTORY, `terraform.${id}.tfstate`) });
    }
    new DigitaloceanProvider(this, "digitalocean");
    new TlsProvider(this, "tls");
    new LocalProvider(this, "local");

    const cluster = new EtcdCluster(this, "etcd", {
      hosts: DigitalOceanHost.inRegions(this, REGIONS, {
        sshFrom: networks(env.ETCD_SSH_FROM),
        clientsFrom: networks(env.ETCD_CLIENTS_FROM),
      }),
      version: EtcdVersion.of(env.ETCD_VERSION ?? EtcdVersion.V3_6_14.version, {
        amd64: env.ETCD_TARBALL_SHA256 || undefined,
      }),
      download: { mirror: env.ETCD_MIRROR, allowInsecureMirror: env.ETCD_MIRROR_INSECURE === "yes" },
      accessDirectory: env.ETCD_ACCESS_DIRECTORY,
    });
    cluster.addClient("operator");
  }
}

const app = new App();
new EtcdAcrossContinents(app, "etcd");
app.synth();
