import { ClusterOrigin, DigitalOceanHost, TakeoverOriginProps } from "../../lib";
import { cluster, resources, SSH_FROM, synth } from "../synth";

const PEM = (text: string): string => `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----`;
const ADOPT: TakeoverOriginProps = {
  clientUrls: ["https://192.0.2.7:2379", "https://192.0.2.8:2379"],
  peerUrls: ["https://192.0.2.7:2380", "https://192.0.2.8:2380"],
  clientCaPem: PEM("oldClients"),
  peerCaPem: PEM("oldPeers"),
};

/** What the first member's machine gets, and the genesis record. */
function made(old?: TakeoverOriginProps) {
  const synthesized = synth((stack) => {
    cluster(stack, undefined, { origin: old && ClusterOrigin.takeOver(old) }).addClient("billing");
  });
  const found = Object.entries(synthesized.locals).filter(([name]) => /lon1.*(bundle_files|rollout-env)/.test(name));
  const files = found.find(([name]) => name.includes("files"))?.[1] as Record<string, { content: string }>;
  const rollout = found.find(([name]) => name.includes("rollout-env"))?.[1] as string;
  const [genesis] = Object.entries(resources(synthesized, "terraform_data"))
    .filter(([path]) => path === "etcd/genesis")
    .map(([, resource]) => resource);
  const clientCa = Object.values(resources(synthesized, "local_sensitive_file")).find((file) =>
    String(file.filename).endsWith("ca.crt"),
  );
  return { files, rollout, genesis, clientCa };
}

describe("a cluster that is taken over", () => {
  const { files, rollout, genesis, clientCa } = made(ADOPT);

  it("is founded by nobody: every machine joins", () => {
    expect(genesis.input).toEqual({});
  });

  it("is known to the node scripts, along with the other machines", () => {
    for (const url of [...ADOPT.clientUrls, ...ADOPT.peerUrls]) expect(rollout).toContain(url);
    expect(files["/etc/etcd/declared.env"].content).toContain(`"retire_adopted" = "''"`);
  });

  it.each([
    ["client", "oldClients"],
    ["peer", "oldPeers"],
  ])("is trusted by members beside their own %s authority, and by nobody else", (kind, old) => {
    const { content } = files[`/etc/etcd/pki/${kind}-ca.crt`];
    expect(content).toMatch(new RegExp(`tls_self_signed_cert\\.etcd_pki_${kind}-ca_`));
    expect(content).toContain(old);
    expect(String(clientCa?.content)).not.toContain(old);
  });

  it("leaves when it is told to, without a restart of the new members", () => {
    const retiring = made({ ...ADOPT, retire: true }).files;
    expect(retiring["/etc/etcd/declared.env"].content).toContain(`"retire_adopted" = "'yes'"`);
    expect(retiring["/etc/etcd/restart.sha256"]).toEqual(files["/etc/etcd/restart.sha256"]);
  });

  it("leaves nothing behind once the prop is taken out", () => {
    const after = made();
    expect(JSON.stringify([after.files, after.rollout])).not.toContain("192.0.2.");
    expect(after.files["/etc/etcd/pki/peer-ca.crt"].content).not.toContain("oldPeers");
  });
});

describe("networks of members elsewhere", () => {
  it("reach the peers' port, and are reached at both", () => {
    const synthesized = synth((stack) => {
      DigitalOceanHost.inRegions(stack, ["lon1"], { sshFrom: SSH_FROM, peersFrom: ["192.0.2.0/24"] });
    });
    const [firewall] = Object.values(resources(synthesized, "digitalocean_firewall"));
    const rule = (rules: unknown, port: string): unknown =>
      (rules as { port_range: string }[]).find(({ port_range }) => port_range === port);
    expect(rule(firewall.inbound_rule, "2380")).toMatchObject({ source_addresses: ["192.0.2.0/24"] });
    expect(rule(firewall.inbound_rule, "2379")).not.toHaveProperty("source_addresses");
    expect(rule(firewall.outbound_rule, "2379-2380")).toMatchObject({ destination_addresses: ["192.0.2.0/24"] });
  });
});
