/**
 * The smallest useful cluster: three members on three continents, and one client.
 *
 *     export DIGITALOCEAN_TOKEN=... ETCD_SSH_FROM=198.51.100.7/32
 *     npx cdktf deploy --app "npx tsx examples/three-continents.ts"
 *
 * In a project of your own, import from "cdktf-etcd" instead of "../lib".
 */
import { DigitaloceanProvider } from "@cdktf/provider-digitalocean/lib/provider";
import { LocalProvider } from "@cdktf/provider-local/lib/provider";
import { TlsProvider } from "@cdktf/provider-tls/lib/provider";
import { App, TerraformStack } from "cdktf";
import { DigitalOceanHost, EtcdCluster } from "../lib";

const app = new App();
const stack = new TerraformStack(app, "three-continents");
new DigitaloceanProvider(stack, "digitalocean"); // takes DIGITALOCEAN_TOKEN from the environment
new TlsProvider(stack, "tls");
new LocalProvider(stack, "local");

const here = [process.env.ETCD_SSH_FROM ?? "198.51.100.7/32"];
const cluster = new EtcdCluster(stack, "etcd", {
  hosts: DigitalOceanHost.inRegions(stack, ["lon1", "nyc3", "sgp1"], { sshFrom: here, clientsFrom: here }),
});
cluster.addClient("billing");

app.synth();
