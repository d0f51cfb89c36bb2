import { AuthorityGeneration, EtcdClusterProps, KeyAlgorithm, PeerNetwork, PkiProps } from "../../lib";
import { cluster, resources, synth } from "../synth";

type Resource = Readonly<Record<string, unknown>>;

interface Certificate {
  readonly request: Resource;
  readonly certificate: Resource;
  readonly key: Resource;
}

/** Every leaf and authority of a cluster, by its construct path below the cluster's. */
function pki(props: Partial<EtcdClusterProps> = {}, regions?: string[]) {
  const synthesized = synth((stack) => {
    cluster(stack, regions, props).addClient("billing");
  });
  const under = (type: string): Record<string, Resource> => resources(synthesized, type);
  return {
    leaf: (path: string): Certificate => ({
      request: under("tls_cert_request")[`etcd/${path}/request`],
      certificate: under("tls_locally_signed_cert")[`etcd/${path}/certificate`],
      key: under("tls_private_key")[`etcd/${path}/key`],
    }),
    authority: (name: string): Resource => under("tls_self_signed_cert")[`etcd/pki/${name}/certificate`],
    leaves: Object.keys(under("tls_locally_signed_cert")),
    authorities: Object.keys(under("tls_self_signed_cert")).map((path) => path.split("/")[2]),
    locals: synthesized.locals,
    outputs: synthesized.output,
    keys: Object.entries(under("tls_private_key")).filter(([path]) => path.startsWith("etcd/")),
  };
}

const ADDRESS = /^\$\{digitalocean_droplet\.hosts_lon1_droplet_\w+\.ipv4_address\}$/;
const CLIENT_CA = /^\$\{tls_self_signed_cert\.etcd_pki_client-ca_certificate_\w+\.cert_pem\}$/;
const PEER_CA = /^\$\{tls_self_signed_cert\.etcd_pki_peer-ca_certificate_\w+\.cert_pem\}$/;
const KEY_USES = ["digital_signature", "key_encipherment"];

describe("the certificates of a cluster", () => {
  const made = pki();

  it("are three per member and one per client", () => {
    const members = ["lon1", "nyc3", "sgp1"].flatMap((region) =>
      ["server", "peer", "admin"].map((kind) => `etcd/etcd-${region}/${kind}/certificate`),
    );
    expect([...made.leaves].sort()).toEqual([...members, "etcd/client-billing/certificate/certificate"].sort());
  });

  it("of a server names the machine at every address that clients may use, itself included", () => {
    const { request, certificate } = made.leaf("etcd-lon1/server");
    expect(request).toMatchObject({
      subject: [{ common_name: "etcd-lon1" }],
      dns_names: ["etcd-lon1", "localhost"],
      // compact() leaves out the private address of a machine that has none.
      ip_addresses: expect.stringMatching(
        /^\$\{compact\(\[digitalocean_droplet\.(\S+)\.ipv4_address, digitalocean_droplet\.\1\.ipv4_address_private, "127\.0\.0\.1"\]\)\}$/,
      ) as unknown,
    });
    expect(certificate).toMatchObject({
      allowed_uses: [...KEY_USES, "server_auth", "client_auth"],
      ca_cert_pem: expect.stringMatching(CLIENT_CA) as unknown,
    });
  });

  it("of a server are good for no client where etcd's gateway is off, and the others are what they are with it", () => {
    const without = pki({ settings: { grpcGateway: false } });
    for (const path of made.leaves) {
      const leaf = path.replace(/^etcd\//, "").replace(/\/certificate$/, "");
      const [before, after] = [made.leaf(leaf), without.leaf(leaf)];
      const uses = leaf.endsWith("/server") ? [...KEY_USES, "server_auth"] : before.certificate.allowed_uses;
      // Key and request stay, so nothing but the certificate is made anew.
      expect([leaf, after]).toEqual([leaf, { ...before, certificate: { ...before.certificate, allowed_uses: uses } }]);
    }
  });

  it("of a peer names the one address that its peers dial, and is the peer authority's", () => {
    const { request, certificate } = made.leaf("etcd-lon1/peer");
    expect(request).toMatchObject({
      subject: [{ common_name: "etcd-lon1" }],
      dns_names: ["etcd-lon1"],
      ip_addresses: [expect.stringMatching(ADDRESS)],
    });
    expect(certificate).toMatchObject({
      allowed_uses: [...KEY_USES, "server_auth", "client_auth"],
      ca_cert_pem: expect.stringMatching(PEER_CA) as unknown,
    });
  });

  it.each([
    ["etcd-lon1/admin", "root"],
    ["client-billing/certificate", "billing"],
  ])("of %s is good for a client named %s, and for nothing else", (path, commonName) => {
    const { request, certificate } = made.leaf(path);
    expect(request.subject).toEqual([{ common_name: commonName }]);
    expect(request).not.toHaveProperty("ip_addresses");
    expect(request).not.toHaveProperty("dns_names");
    expect(certificate.allowed_uses).toEqual([...KEY_USES, "client_auth"]);
    expect(certificate.ca_cert_pem).toMatch(CLIENT_CA);
  });

  it("come from the peer authority for peers, and for no one else", () => {
    for (const path of made.leaves) {
      const { certificate } = made.leaf(path.replace(/^etcd\//, "").replace(/\/certificate$/, ""));
      const authority = path.endsWith("/peer/certificate") ? PEER_CA : CLIENT_CA;
      expect([path, certificate.ca_cert_pem]).toEqual([path, expect.stringMatching(authority)]);
      // Certificate and key of the same authority.
      const name = /pki_(\S+)_certificate/.exec(String(certificate.ca_cert_pem))?.[1];
      expect(certificate.ca_private_key_pem).toMatch(
        new RegExp(`^\\$\\{tls_private_key\\.etcd_pki_${String(name)}_key_`),
      );
    }
  });

  it("each have a key of their own", () => {
    const keys = made.leaves.map((path) => {
      const { request } = made.leaf(path.replace(/^etcd\//, "").replace(/\/certificate$/, ""));
      return request.private_key_pem;
    });
    expect(new Set(keys).size).toBe(made.leaves.length);
  });

  it("come from two authorities that may sign certificates only, named after the cluster", () => {
    for (const kind of ["client", "peer"]) {
      expect(made.authority(`${kind}-ca`)).toMatchObject({
        subject: [{ common_name: `etcd ${kind} authority` }],
        is_ca_certificate: true,
        allowed_uses: ["cert_signing", "crl_signing", "digital_signature"],
      });
    }
  });

  it("of a peer on the private network names the private address", () => {
    const { request } = pki({ peerNetwork: PeerNetwork.PRIVATE }, ["lon1"]).leaf("etcd-lon1/peer");
    expect(request.ip_addresses).toEqual([expect.stringMatching(/\.ipv4_address_private\}$/)]);
  });
});

describe("validity", () => {
  it.each([
    ["by default: ten years, one year, renewed in its last 90 days", undefined, 87600, 8760, 2160],
    ["of a short-lived leaf: renewed in its last quarter", { leafValidityDays: 40 }, 87600, 960, 240],
    ["of a leaf of one day: renewed in its last quarter too", { leafValidityDays: 1 }, 87600, 24, 6],
    ["of a short-lived authority: leaves end with it", { caValidityDays: 100 }, 2400, 2400, 600],
    ["as given", { caValidityDays: 730, leafValidityDays: 30, earlyRenewalDays: 7 }, 17520, 720, 168],
  ])("%s", (_name, given, ca, leaf, renewal) => {
    const made = pki({ pki: given });
    for (const name of ["client-ca", "peer-ca"]) expect(made.authority(name).validity_period_hours).toBe(ca);
    for (const path of ["etcd-lon1/server", "etcd-lon1/peer", "etcd-lon1/admin", "client-billing/certificate"]) {
      expect(made.leaf(path).certificate).toMatchObject({
        validity_period_hours: leaf,
        early_renewal_hours: renewal,
      });
    }
  });
});

describe("the end of an authority", () => {
  const checksOf = (given: PkiProps) => {
    const { check = {}, resource } = synth((stack) => {
      cluster(stack, undefined, { pki: given });
    });
    const asserts = Object.entries(check).flatMap(([name, { assert }]) => (name.includes("-ca") ? assert : []));
    return { asserts, data: resource.terraform_data };
  };

  it.each([
    // A leaf that is signed now would outlive it.
    ["a year before it by default", {}, 8760],
    // Three deploys, one in each renewal window.
    ["three renewal windows before it", { leafValidityDays: 100, earlyRenewalDays: 60 }, 4320],
    ["a month before it, however short-lived leaves are", { leafValidityDays: 1 }, 720],
    ["in the second half of a short life", { caValidityDays: 100 }, 1200],
  ])("is told in the plan from %s on", (_name, given, hours) => {
    const { asserts } = checksOf(given);
    expect(asserts).toHaveLength(2);
    for (const { condition } of asserts) expect(condition).toContain(`timeadd(plantimestamp(), "${hours}h")`);
  });

  it("is told of each generation that is trusted, with the numbers of its rotation", () => {
    const { asserts } = checksOf({ clientAuthority: AuthorityGeneration.introducing(3) });
    expect(asserts.map(({ error_message }) => error_message.replace(/\$\{\S+\}/, "END")).sort()).toEqual([
      expect.stringMatching(
        /^The client authority of etcd, generation 2, ends at END\. .*clientAuthority: AuthorityGeneration\.introducing\(3\) }, then \.signing\(3\), then \.of\(3\); clients need new files/,
      ),
      expect.stringMatching(/^The client authority of etcd, generation 3, .*introducing\(4\)/),
      expect.stringMatching(/^The peer authority of etcd, generation 1, .*peerAuthority: .*\.of\(2\)\. See/),
    ]);
  });

  it("is not asked for in the plan that makes the authority, which does not know it", () => {
    const { asserts, data } = checksOf({});
    for (const { condition } of asserts) {
      const record = /^\$\{terraform_data\.(\S+)\.input == plantimestamp\(\) \? true : /.exec(condition)?.[1] ?? "";
      expect(data[record]).toMatchObject({ input: "${plantimestamp()}", lifecycle: { ignore_changes: ["input"] } });
    }
  });
});

describe("keys", () => {
  it.each([
    [KeyAlgorithm.ECDSA_P256, { algorithm: "ECDSA", ecdsa_curve: "P256" }],
    [KeyAlgorithm.RSA_2048, { algorithm: "RSA", rsa_bits: 2048 }],
    [KeyAlgorithm.RSA_4096, { algorithm: "RSA", rsa_bits: 4096 }],
  ])("are all %s when that is chosen", (keyAlgorithm, expected) => {
    const { keys } = pki({ pki: { keyAlgorithm } });
    expect(keys).toHaveLength(2 + 9 + 1);
    for (const [, key] of keys) expect(key).toMatchObject(expected);
  });

  it("are ECDSA on P-256 by default", () => {
    for (const [, key] of pki().keys) expect(key).toMatchObject({ algorithm: "ECDSA", ecdsa_curve: "P256" });
  });
});

describe("server names", () => {
  it("are added to every server certificate, and to no other", () => {
    const made = pki({ pki: { serverNames: ["etcd.example.com", "*.etcd.example.com"] } });
    for (const region of ["lon1", "nyc3", "sgp1"]) {
      expect(made.leaf(`etcd-${region}/server`).request.dns_names).toEqual([
        `etcd-${region}`,
        "localhost",
        "etcd.example.com",
        "*.etcd.example.com",
      ]);
      expect(made.leaf(`etcd-${region}/peer`).request.dns_names).toEqual([`etcd-${region}`]);
    }
  });
});

describe("the rotation of an authority", () => {
  const AT = {
    first: AuthorityGeneration.of(1),
    introducing: AuthorityGeneration.introducing(2),
    signing: AuthorityGeneration.signing(2),
    second: AuthorityGeneration.of(2),
  };
  /** How a member's local "files" writes that it trusts these. */
  const trustOf = (made: ReturnType<typeof pki>, path: string): string => {
    const files = Object.entries(made.locals).find(([name]) => name.includes("lon1_bundle_files"))?.[1];
    return JSON.stringify((files as Record<string, { content: unknown }>)[path].content);
  };
  const generationsIn = (text: string, kind: string): string[] => {
    const found = [...text.matchAll(/tls_self_signed_cert\.etcd_pki_(client|peer)-ca-?(\d*)_certificate/g)];
    expect(new Set(found.map(([, authority]) => authority))).toEqual(new Set([kind]));
    return found.map(([, , generation]) => generation || "1");
  };

  it.each([
    ["client", "of(1)", { clientAuthority: AT.first }, ["1"], "1"],
    ["client", "introducing(2)", { clientAuthority: AT.introducing }, ["1", "2"], "1"],
    ["client", "signing(2)", { clientAuthority: AT.signing }, ["1", "2"], "2"],
    ["client", "of(2)", { clientAuthority: AT.second }, ["2"], "2"],
    ["peer", "introducing(2)", { peerAuthority: AT.introducing }, ["1", "2"], "1"],
    ["peer", "signing(2)", { peerAuthority: AT.signing }, ["1", "2"], "2"],
    ["peer", "of(2)", { peerAuthority: AT.second }, ["2"], "2"],
  ])(
    "for %ss at %s trusts and signs with the right ones, the other authority untouched",
    (kind, _at, props, trusted, signer) => {
      const made = pki({ pki: props });
      const other = kind === "client" ? "peer" : "client";
      const names = trusted.map((generation) => (generation === "1" ? `${kind}-ca` : `${kind}-ca-${generation}`));
      expect([...made.authorities].sort()).toEqual([...names, `${other}-ca`].sort());
      expect(generationsIn(trustOf(made, `/etc/etcd/pki/${kind}-ca.crt`), kind)).toEqual(trusted);
      expect(generationsIn(trustOf(made, `/etc/etcd/pki/${other}-ca.crt`), other)).toEqual(["1"]);
      if (kind === "client") {
        expect(generationsIn(String(made.outputs.etcd_ca_certificate.value), kind)).toEqual(trusted);
      }
      const leaf = kind === "client" ? "etcd-lon1/server" : "etcd-lon1/peer";
      const { certificate } = made.leaf(leaf);
      for (const field of ["ca_cert_pem", "ca_private_key_pem"]) {
        expect(certificate[field]).toMatch(
          signer === "1" ? new RegExp(`${kind}-ca_`) : new RegExp(`${kind}-ca-${signer}_`),
        );
      }
    },
  );

  it("tells the generations apart by their subject", () => {
    expect(pki({ pki: { clientAuthority: AT.signing } }).authority("client-ca-2").subject).toEqual([
      { common_name: "etcd client authority 2" },
    ]);
  });

  it("restarts nobody when the new generation begins to sign", () => {
    const restart = (clientAuthority: AuthorityGeneration): string =>
      trustOf(pki({ pki: { clientAuthority } }), "/etc/etcd/restart.sha256");
    expect(restart(AT.introducing)).toBe(restart(AT.signing));
    expect(restart(AT.introducing)).not.toBe(restart(AT.first));
    expect(restart(AT.second)).not.toBe(restart(AT.signing));
  });

  it("keeps the keys of leaves", () => {
    const keys = (clientAuthority: AuthorityGeneration): unknown =>
      pki({ pki: { clientAuthority } }).leaf("etcd-lon1/server").key;
    expect(keys(AT.signing)).toEqual(keys(AT.first));
  });

  it("goes on from any generation", () => {
    expect(AuthorityGeneration.introducing(7)).toMatchObject({ trusted: [6, 7], signer: 6 });
    expect(AuthorityGeneration.signing(7)).toMatchObject({ trusted: [6, 7], signer: 7 });
    expect(AuthorityGeneration.of(7)).toMatchObject({ trusted: [7], signer: 7 });
  });
});

describe("the output of all expiries", () => {
  it("names every certificate, that of a client added later too, and both authorities", () => {
    const { etcd_certificate_expiry: output } = pki({
      pki: { peerAuthority: AuthorityGeneration.introducing(2) },
    }).outputs;
    const end = (type: string, path: string): unknown =>
      expect.stringMatching(new RegExp(`^\\$\\{tls_${type}\\.etcd_${path}_certificate_\\w+\\.validity_end_time\\}$`));
    const leaf = (path: string): unknown => end("locally_signed_cert", path);
    const member = (name: string): unknown => ({
      server: leaf(`${name}_server`),
      peer: leaf(`${name}_peer`),
      admin: leaf(`${name}_admin`),
    });
    expect(output).toEqual({
      sensitive: false,
      value: {
        members: {
          "etcd-lon1": member("etcd-lon1"),
          "etcd-nyc3": member("etcd-nyc3"),
          "etcd-sgp1": member("etcd-sgp1"),
        },
        clients: { billing: leaf("client-billing") },
        authorities: {
          client: { "1": end("self_signed_cert", "pki_client-ca") },
          peer: { "1": end("self_signed_cert", "pki_peer-ca"), "2": end("self_signed_cert", "pki_peer-ca-2") },
        },
      },
    });
  });
});
