import { DigitaloceanProvider } from "@cdktf/provider-digitalocean/lib/provider";
import { LocalProvider } from "@cdktf/provider-local/lib/provider";
import { TlsProvider } from "@cdktf/provider-tls/lib/provider";
import { chmodSync, closeSync, mkdirSync, openSync } from "node:fs";
import * as path from "node:path";
import { App, LocalBackend, TerraformStack } from "cdktf";
import { Construct } from "constructs";
import { DigitalOceanHost, EtcdCluster, EtcdVersion } from "./lib";

/** Where the members are. Add "sfo3" and "ams3", and the cluster survives the loss of any two locations. */
const REGIONS = ["lon1", "nyc3", "sgp1"];

/** What differs from one place of work to another comes from the environment; docs/configuration.md lists it. */
const env = process.env;
const networks = (value: string | undefined): string[] => value?.split(",").filter(Boolean) ?? [];

/** The state holds every private key. Terraform gives new files the process's umask, and leaves the mode of others alone. */
function keptPrivate(stateFile: string): string {
  mkdirSync(path.dirname(stateFile), { recursive: true, mode: 0o700 });
  for (const file of [stateFile, `${stateFile}.backup`]) {
    closeSync(openSync(file, "a", 0o600));
    chmodSync(file, 0o600);
  }
  return stateFile;
}

class EtcdAcrossContinents extends TerraformStack {
  public constructor(scope: Construct, id: string) {
    super(scope, id);
    // Beside cdktf.json, as CDKTF would have it, unless told otherwise.
    const stateFile = path.resolve(env.ETCD_STATE_DIRECTORY || ".", `terraform.${id}.tfstate`);
    new LocalBackend(this, { path: keptPrivate(stateFile) });
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
