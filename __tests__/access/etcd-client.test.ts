import * as path from "node:path";
import { cluster, resources, synth } from "../synth";

function clients(names: string[], accessDirectory?: string) {
  return synth((stack) => {
    const made = cluster(stack, undefined, { accessDirectory });
    for (const name of names) made.addClient(name);
  });
}

describe("a client", () => {
  it("is known by the name it was given", () => {
    synth((stack) => {
      expect(cluster(stack).addClient("billing")).toMatchObject({
        clientName: "billing",
        certificatePem: expect.any(String) as unknown,
        privateKeyPem: expect.any(String) as unknown,
      });
    });
  });

  it("finds its files in a directory of its own, below the one that was asked for", () => {
    const files = resources(clients(["billing"], path.resolve("/srv/keys")), "local_sensitive_file");
    expect(Object.values(files).map(({ filename }) => filename)).toEqual(
      ["ca.crt", "client.crt", "client.key", "etcd.env", "curl.sh"].map((name) => `/srv/keys/billing/${name}`),
    );
  });

  it("has its files in an output, and nowhere else, where deploys are to write none", () => {
    const { output, resource } = synth((stack) => {
      const made = cluster(stack, undefined, { clientFiles: false });
      made.addClient("billing").writeKubeApiserverFlags();
    });
    expect(resource).not.toHaveProperty("local_sensitive_file");
    const { sensitive, value } = output.etcd_client_billing_files;
    expect(sensitive).toBe(true);
    expect(Object.keys(value as object)).toEqual([
      "ca.crt",
      "client.crt",
      "client.key",
      "etcd.env",
      "curl.sh",
      "kube-apiserver.flags",
    ]);
    expect((value as Record<string, string>)["etcd.env"]).toContain(`"ca" = "'@DIRECTORY@/ca.crt'"`);
    expect(clients(["billing"]).output).not.toHaveProperty("etcd_client_billing_files");
  });

  it("gets no lines for curl where etcd's gateway, which would answer them, is off", () => {
    const synthesized = synth((stack) => {
      cluster(stack, undefined, { settings: { grpcGateway: false } }).addClient("billing");
    });
    expect(Object.keys(resources(synthesized, "local_sensitive_file"))).toEqual(
      ["ca.crt", "client.crt", "client.key", "etcd.env"].map((name) => `etcd/client-billing/access/${name}`),
    );
  });

  it("gets the authority that signed the servers, not the peers'", () => {
    const files = resources(clients(["billing"]), "local_sensitive_file");
    expect(files["etcd/client-billing/access/ca.crt"].content).toMatch(/etcd_pki_client-ca_certificate_\w+\.cert_pem/);
  });

  it("tries the leader's place first", () => {
    const files = resources(clients(["billing"]), "local_sensitive_file");
    const endpoints = /"endpoints" = (.*)/.exec(String(files["etcd/client-billing/access/etcd.env"].content))?.[1];
    expect(endpoints?.match(/hosts_\w+?_droplet/g)).toEqual(
      ["lon1", "nyc3", "sgp1"].map((region) => `hosts_${region}_droplet`),
    );
  });

  it("tries the nearest member first where it said where it is, and has outputs that say the same", () => {
    const synthesized = synth((stack) => {
      cluster(stack).addClient("billing", { from: "sgp1" });
    });
    const [env, curl] = ["etcd.env", "curl.sh"].map((name) =>
      String(resources(synthesized, "local_sensitive_file")[`etcd/client-billing/access/${name}`].content),
    );
    for (const file of [env, curl]) {
      expect(file).toContain('"order" = "nearest to sgp1 first"');
      expect(/"endpoints" = (.*)/.exec(file)?.[1].match(/hosts_\w+?_droplet/g)).toEqual(
        ["sgp1", "lon1", "nyc3"].map((region) => `hosts_${region}_droplet`),
      );
    }
    const { etcd_client_billing_endpoints: endpoints, etcd_client_billing_settings: settings } = synthesized.output;
    expect(JSON.stringify(endpoints.value).match(/hosts_\w+?_droplet/g)?.[0]).toBe("hosts_sgp1_droplet");
    expect(settings.value).toEqual({
      dial_timeout_ms: 4000,
      keepalive_time_ms: 10_000,
      keepalive_timeout_ms: 2700,
      attempt_timeout_ms: 750,
      total_timeout_ms: 5700,
    });
  });

  it("has outputs in its name: the key is marked sensitive, the date of expiry is not", () => {
    const { output } = clients(["billing-app"]);
    expect(output.etcd_client_billing_app_key).toMatchObject({
      sensitive: true,
      value: expect.stringMatching(/private_key_pem\}$/) as unknown,
    });
    expect(output.etcd_client_billing_app_certificate_expires.value).toMatch(/validity_end_time\}$/);
    expect(output.etcd_client_billing_app_certificate_expires.sensitive).not.toBe(true);
  });

  it("leaves everything else as it is: another client changes no member", () => {
    const withoutClients = (names: string[]): unknown =>
      Object.entries(resources(clients(names), "terraform_data")).map(([name, { triggers_replace }]) => [
        name,
        triggers_replace,
      ]);
    expect(withoutClients(["billing", "audit"])).toEqual(withoutClients([]));
  });
});
