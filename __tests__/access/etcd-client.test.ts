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

  it("gets the authority that signed the servers, not the peers'", () => {
    const files = resources(clients(["billing"]), "local_sensitive_file");
    expect(files["etcd/client-billing/access/ca.crt"].content).toMatch(/etcd_pki_client-ca_certificate_\w+\.cert_pem/);
  });

  it("tries the leader's place first", () => {
    const files = resources(clients(["billing"]), "local_sensitive_file");
    const endpoints = /"endpoints" = \[(.*?)\]/.exec(String(files["etcd/client-billing/access/etcd.env"].content))?.[1];
    expect(endpoints?.match(/hosts_\w+?_droplet/g)).toEqual(
      ["lon1", "nyc3", "sgp1"].map((region) => `hosts_${region}_droplet`),
    );
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
