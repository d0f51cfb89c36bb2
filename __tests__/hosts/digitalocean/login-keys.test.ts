import { DigitalOceanHost, EtcdCluster, type DigitalOceanHostsProps } from "../../../lib";
import { resources, SSH_FROM, synth } from "../../synth";

const OPERATOR = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAII/GUM3I/1yfBBsee/pmIj5sWmKeImPyQd37ICXBDiB3 jo@laptop";

/** A cluster of one, and all that is about its login. */
function made(props: Partial<DigitalOceanHostsProps> = {}) {
  const synthesized = synth((stack) => {
    const hosts = DigitalOceanHost.inRegions(stack, ["lon1"], { sshFrom: SSH_FROM, ...props });
    new EtcdCluster(stack, "etcd", { hosts });
  });
  const of = (type: string): string[] =>
    Object.keys(resources(synthesized, type)).filter((path) => /^hosts\/(login|ssh)-key/.test(path));
  const data = resources(synthesized, "terraform_data");
  const [files] = Object.entries(synthesized.locals)
    .filter(([name]) => name.includes("bundle_files"))
    .map(([, value]) => value as Record<string, { content: string }>);
  const steps = Object.values(data).filter(({ provisioner }) => provisioner !== undefined);
  return {
    addresses: Object.keys(synthesized.resource.tls_private_key),
    privateKeys: of("tls_private_key"),
    sshKeys: resources(synthesized, "digitalocean_ssh_key"),
    records: Object.fromEntries(Object.entries(data).filter(([path]) => path.startsWith("hosts/login-key-"))),
    recordNames: Object.keys(synthesized.resource.terraform_data).filter((name) => name.includes("login-key")),
    droplet: resources(synthesized, "digitalocean_droplet")["hosts/lon1/droplet"],
    authorized: files["/etc/etcd/ssh/authorized_keys"].content,
    connections: steps.map(
      ({ provisioner }) => (provisioner as { "remote-exec": { connection: { private_key: string } } }[])[0],
    ),
  };
}

/** The login keys that a text refers to, in order. */
const keysIn = (text: unknown): string[] =>
  [...String(text).matchAll(/tls_private_key\.hosts_(login-key(?:-\d+)?)_[0-9A-F]{8}\./g)].map(([, name]) => name);

describe("login keys", () => {
  it("are two: the one that logs in, where it always was, and the next one", () => {
    const { privateKeys, addresses, connections, sshKeys, authorized, droplet } = made();
    expect(privateKeys).toEqual(["hosts/login-key", "hosts/login-key-2"]);
    // As it stands in the states of clusters that were made before there was a second one.
    expect(addresses).toContain("hosts_login-key_8AAC41F6");
    // Genesis, the member, and what is done once all are healthy.
    expect(connections.length).toBe(3);
    for (const step of connections) expect(keysIn(step["remote-exec"].connection.private_key)).toEqual(["login-key"]);
    expect(Object.keys(sshKeys)).toEqual(["hosts/ssh-key"]);
    expect(keysIn(authorized)).toEqual(["login-key", "login-key-2"]);
    // The other one by way of ssh_keys.
    expect(keysIn(droplet.user_data)).toEqual(["login-key-2"]);
  });

  it("move on by one each time that the generation is counted up", () => {
    const { privateKeys, connections, sshKeys, authorized, droplet } = made({ loginKeyGeneration: 3 });
    expect(privateKeys).toEqual(["hosts/login-key-3", "hosts/login-key-4"]);
    for (const step of connections) expect(keysIn(step["remote-exec"].connection.private_key)).toEqual(["login-key-3"]);
    expect(sshKeys).toEqual({ "hosts/ssh-key-3": expect.objectContaining({ name: "etcd-3" }) as unknown });
    expect(keysIn(authorized)).toEqual(["login-key-3", "login-key-4"]);
    expect(keysIn(droplet.user_data)).toEqual(["login-key-4"]);
  });

  it("are on the machines along with the operators', from their first boot on", () => {
    const { authorized, droplet } = made({ authorizedKeys: [OPERATOR] });
    for (const text of [authorized, droplet.user_data]) expect(text).toContain(OPERATOR);
  });

  // What Terraform makes of them is proven in lab/hosts.
  it("leave records: that the next one is accepted, once all is done; which ones were used, before any login", () => {
    const { records, recordNames, droplet } = made({ loginKeyGeneration: 3 });
    expect(Object.fromEntries(Object.entries(records).map(([path, { input }]) => [path, input]))).toEqual({
      "hosts/login-key-2-used": "yes",
      "hosts/login-key-3-used": "yes",
      "hosts/login-key-4-used": "no",
      "hosts/login-key-3-accepted": expect.stringMatching(
        /^\$\{length\(\[for d in data\.digitalocean_droplets\.\S+ : d if startswith\(d\.name, "etcd-"\)\]\) == 0 \|\| terraform_data\.hosts_login-key-4-used_\w+\.input == "yes" \? "all" : join/,
      ) as unknown,
      "hosts/login-key-4-accepted": "all",
    });
    expect(records["hosts/login-key-4-accepted"].depends_on).toEqual([
      expect.stringMatching(/^terraform_data\.etcd_etcd-lon1_converge_/),
    ]);
    // Of a first deploy that is cut off, no machine is there that the next one could doubt.
    for (const first of ["login-key-3-used", "login-key-3-accepted"]) {
      const record = recordNames.find((name) => name.includes(first));
      expect(droplet.depends_on).toContain(`terraform_data.${record ?? ""}`);
    }
  });
});
