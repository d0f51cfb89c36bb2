import { Fn, TerraformVariable } from "cdktf";
import { AuthorityGeneration, type EtcdClient, type OwnAuthorityProps, ValidationError } from "../../lib";
import { cluster, resources, synth, type Synthesized } from "../synth";
import { company } from "./company";

const { root, division, etcd, leaf } = company();
const OWN: OwnAuthorityProps = {
  generation: 2,
  ...etcd,
  chainPem: `${division.certificatePem}${root.certificatePem}`,
};

/** A cluster with it, at a stage of its rotation. */
function withOwn(
  own: Partial<OwnAuthorityProps> = {},
  clientAuthority = AuthorityGeneration.of(2),
): Synthesized & { readonly client: EtcdClient; readonly guest: EtcdClient } {
  const clients: EtcdClient[] = [];
  const stack = synth((one) => {
    const made = cluster(one, undefined, {
      authorization: true,
      pki: { clientAuthority, ownClientAuthorities: [{ ...OWN, ...own }] },
    });
    clients.push(
      made.addClient("app", { readWrite: ["/app/"] }),
      made.addClient("guest", { read: ["/app/"], ownCertificate: true }),
    );
  });
  return { ...stack, client: clients[0], guest: clients[1] };
}

/** What a file is made of, on the first member. */
function onMember({ locals }: Synthesized, path: string): string {
  const files = Object.entries(locals).find(([name]) => name.includes("lon1_bundle_files"))?.[1];
  return JSON.stringify((files as Record<string, { content: unknown }>)[path].content);
}
const filesOf = (stack: Synthesized, client: string): Record<string, string> =>
  Object.fromEntries(
    Object.values(resources(stack, "local_sensitive_file")).flatMap(({ filename, content }) => {
      const [directory, name] = String(filename).split("/").slice(-2);
      return directory === client ? [[name, String(content)]] : [];
    }),
  );
const inJson = (pem: string): string => JSON.stringify(pem.trim()).slice(1, -1);

describe("an authority of one's own", () => {
  it("signs members and clients, and nothing is made in its place", () => {
    const stack = withOwn();
    const authorities = Object.keys(resources(stack, "tls_self_signed_cert")).filter((path) => path.includes("/pki/"));
    expect(authorities).toEqual(["etcd/pki/peer-ca/certificate"]);
    for (const path of ["etcd/etcd-lon1/server", "etcd/etcd-lon1/admin", "etcd/client-app/certificate"])
      expect(resources(stack, "tls_locally_signed_cert")[`${path}/certificate`]).toMatchObject({
        ca_cert_pem: etcd.certificatePem,
        ca_private_key_pem: etcd.privateKeyPem,
      });
  });

  it("is all that members trust, whoever its issuers are", () => {
    const trusted = onMember(withOwn(), "/etc/etcd/pki/client-ca.crt");
    expect(trusted).toContain(inJson(etcd.certificatePem));
    for (const issuer of [division, root]) expect(trusted).not.toContain(inJson(issuer.certificatePem));
  });

  it("is trusted by clients with its issuers, and shown by members with them", () => {
    const stack = withOwn();
    for (const text of [filesOf(stack, "app")["ca.crt"], onMember(stack, "/etc/etcd/pki/server.crt")]) {
      const plain = text.replace(/\\+n|\n/g, "\\n");
      for (const one of [etcd, division, root]) expect(plain).toContain(inJson(one.certificatePem));
    }
    // A client's own certificate needs no chain: members trust its signer.
    expect(filesOf(stack, "app")["client.crt"]).toMatch(/^\$\{tls_locally_signed_cert\.\S+\.cert_pem\}$/);
  });

  it("that signed itself is shown by nobody", () => {
    expect(onMember(withOwn({ ...root, chainPem: undefined }), "/etc/etcd/pki/server.crt")).not.toContain(
      "BEGIN CERTIFICATE",
    );
  });

  it("comes to a running cluster by the stages of a rotation", () => {
    const trusts = (stage: AuthorityGeneration): string => onMember(withOwn({}, stage), "/etc/etcd/pki/client-ca.crt");
    const [introducing, signing] = [AuthorityGeneration.introducing(2), AuthorityGeneration.signing(2)].map(trusts);
    expect(introducing).toMatch(/tls_self_signed_cert\.etcd_pki_client-ca_certificate/);
    expect(introducing.replace(/\\+n/g, "\\n")).toContain(inJson(etcd.certificatePem));
    expect(signing).toEqual(introducing);
  });

  it("is watched for its end, which Terraform reads in the certificate", () => {
    const { check = {} } = withOwn();
    const [{ assert }] = Object.entries(check).flatMap(([name, one]) => (name.includes("client-ca") ? [one] : []));
    expect(assert[0].condition).toMatch(
      /timecmp\(timeadd\(plantimestamp\(\), "8760h"\), data\.tls_certificate\.etcd_pki_client-ca-2_read_\w+\.certificates\[0\]\.not_after\) < 0\}$/,
    );
    expect(assert[0].error_message).toMatch(
      /generation 2, ends at \$\{data\.tls_certificate\.\S+\.not_after\}\. Rotate/,
    );
  });

  it("may be known to Terraform alone, with a key that is in no file of the synthesis", () => {
    const stack = synth((one) => {
      const late = (name: string): string => new TerraformVariable(one, name, { sensitive: true }).stringValue;
      cluster(one, undefined, {
        authorization: true,
        pki: {
          ownClientAuthorities: [
            {
              generation: 1,
              certificatePem: Fn.file("/x/ca.crt"),
              privateKeyPem: late("key"),
              chainPem: late("chain"),
            },
          ],
        },
      });
    });
    const { ca_private_key_pem, ca_cert_pem } = resources(stack, "tls_locally_signed_cert")[
      "etcd/etcd-lon1/server/certificate"
    ];
    expect(ca_private_key_pem).toBe("${var.key}");
    // A step that held anything sensitive would print nothing.
    expect(ca_cert_pem).toBe('${join("", [trimspace(nonsensitive(sensitive(file("/x/ca.crt")))), "\\n"])}');
  });
});

describe("a client with a certificate of its own", () => {
  const stack = withOwn();

  it("gets all files but its certificate and key, and is told where these have to lie", () => {
    const files = filesOf(stack, "guest");
    expect(Object.keys(files).sort()).toEqual(["ca.crt", "etcd.env"]);
    const paths = Object.keys(resources(stack, "tls_locally_signed_cert")).filter((path) => path.includes("guest"));
    expect(paths).toEqual([]);
    expect(Object.keys(stack.output).filter((name) => name.startsWith("etcd_client_guest"))).toEqual([
      "etcd_client_guest_endpoints",
      "etcd_client_guest_settings",
    ]);
  });

  it("has none in the outputs about certificates either", () => {
    expect(JSON.stringify(stack.output.etcd_certificate_expiry)).not.toContain("guest");
    expect(() => stack.guest.certificatePem).toThrow(/take the certificate from the authority that gave it/);
    expect(() => stack.guest.privateKeyPem).toThrow(/given a client with ownCertificate/);
    expect(stack.client.certificatePem).toMatch(/TfToken/);
  });
});

const refused: [string, Partial<OwnAuthorityProps>, RegExp][] = [
  [
    "a generation that is not trusted",
    { generation: 3 },
    /\[0\]\.generation: given 3, expected .*: 1 or 2; take it out/,
  ],
  ["a generation that is none", { generation: 1.5 }, /\[0\]\.generation: given 1\.5/],
  [
    "no certificate",
    { certificatePem: "x" },
    /\[0\]\.certificatePem: given something else, expected certificates in PEM/,
  ],
  ["a key for a certificate", { certificatePem: etcd.privateKeyPem }, /\[0\]\.certificatePem: given a private key,/],
  [
    "a certificate with its issuers",
    { certificatePem: `${etcd.certificatePem}${division.certificatePem}` },
    /\[0\]\.certificatePem: given several certificates, .*as chainPem/,
  ],
  ["a certificate that is no authority's", { ...leaf }, /\[0\]\.certificatePem: given CN=etcd-lon1, which is no auth/],
  ["an issuer that is no authority", { chainPem: leaf.certificatePem }, /\[0\]\.chainPem: given/],
  ["issuers in the wrong order", { chainPem: `${root.certificatePem}${division.certificatePem}` }, /CN=root after /],
  ["another one's key", { privateKeyPem: root.privateKeyPem }, /\[0\]\.privateKeyPem: given another certificate's key/],
  [
    "no key",
    { privateKeyPem: etcd.certificatePem },
    /\[0\]\.privateKeyPem: given something else, expected a private key/,
  ],
  [
    "an encrypted key",
    { privateKeyPem: "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n" },
    /\[0\]\.privateKeyPem: given an encrypted key, .*openssl pkey/,
  ],
];

describe("an authority of one's own is refused", () => {
  it.each(refused)("with %s, and no message shows a key", (_name, own, message) => {
    let thrown: unknown;
    try {
      withOwn(own, AuthorityGeneration.introducing(2));
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(ValidationError);
    expect((thrown as Error).message).toMatch(message);
    expect((thrown as Error).message).not.toContain("MI");
  });

  it("twice for one generation", () => {
    const clientAuthority = AuthorityGeneration.of(2);
    const twice = { authorization: true, pki: { clientAuthority, ownClientAuthorities: [OWN, OWN] } };
    expect(() => synth((stack) => cluster(stack, undefined, twice))).toThrow(/ownClientAuthorities: given "2" twice/);
  });

  it("where its certificates' names would mean nothing", () => {
    const pki = { clientAuthority: AuthorityGeneration.of(2), ownClientAuthorities: [OWN] };
    expect(() => synth((stack) => cluster(stack, undefined, { pki }))).toThrow(
      /^pki\.ownClientAuthorities: given without authorization, expected authorization: true along with it/,
    );
  });
});
