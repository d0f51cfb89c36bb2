import { readFileSync } from "node:fs";
import { Fn, TerraformOutput } from "cdktf";
import { EtcdClusterProps, PkiProps, RevokedCertificate } from "../../lib";
import { CERTIFICATE, cluster, resources, synth } from "../synth";
import { Certificates } from "../templates/certificates";
import { describeOnLinux, scratchDirectory } from "../templates/render";

const SERIAL = "FA1B00112233445566778899AABBCCDD";
const bySerial = (serial: string): RevokedCertificate => RevokedCertificate.bySerial(serial);
const byCertificate = (pem: string): RevokedCertificate => RevokedCertificate.byCertificate(pem);

/** The files of a member, and etcd's settings there, by their names. */
function member(pki: PkiProps, props: Partial<EtcdClusterProps> = {}) {
  const made = synth((stack) => cluster(stack, undefined, { ...props, pki }).addClient("app"));
  const local = (name: string): unknown =>
    Object.entries(made.locals).find(([one]) => one.includes(`lon1_bundle_${name}_`))?.[1];
  const files = local("files") as Record<string, { content: string }>;
  return { steps: resources(made, "terraform_data"), files, env: String(local("env")), stage: String(local("stage_")) };
}

describe("a certificate that is revoked", () => {
  it.each([
    ["in hexadecimal", `0x${SERIAL}`],
    ["in lower case", `0x${SERIAL.toLowerCase()}`],
    ["with zeros in front", `0x00${SERIAL}`],
    ["in pairs", SERIAL.replace(/..(?!$)/g, "$&:")],
    ["in decimal", BigInt(`0x${SERIAL}`).toString()],
  ])("is told by its serial number %s", (_name, serial) => {
    expect(bySerial(serial)._line).toBe(`serial ${SERIAL}`);
  });

  it.each([
    "0",
    "0x0",
    "",
    "-5",
    "1.5",
    "1e3",
    "0x",
    "A1",
    "zz",
    "1:2",
    "0A:",
    " 5",
    `0x1${"0".repeat(40)}`,
    "9".repeat(101),
  ])("is none with the serial number %p", (serial) => {
    expect(() => bySerial(serial)).toThrow(/^RevokedCertificate.bySerial: given .*expected a serial number: positive/);
  });

  it("is told by its text", () => {
    expect(byCertificate(CERTIFICATE)).toEqual(bySerial("0x3FA9"));
  });

  it("may have 20 octets", () => {
    expect(bySerial(`0x${"F".repeat(40)}`)._line).toBe(`serial ${"F".repeat(40)}`);
  });

  it("says how to write what openssl prints", () => {
    expect(() => bySerial("3FA9")).toThrow(/put 0x in front of it: "0x3FA9"/);
  });

  it("is told by its text once Terraform knows it, and as a single word", () => {
    const { files } = member({ revoked: [byCertificate(Fn.file("leaked.crt"))] });
    expect(files["/etc/etcd/revoked/clients"].content).toMatch(
      /^\$\{join\("\\n", \["certificate \$\{base64encode\(nonsensitive\(sensitive\(file\("leaked.crt"\)\)\)\)\}", ""\]\)\}$/,
    );
  });
});

describeOnLinux("a certificate that is revoked by its text", () => {
  const made = new Certificates(scratchDirectory());
  const authority = made.authority("somebody");

  it("is the one of that serial number, and the first of a chain", () => {
    const leaf = readFileSync(made.leaf(authority).certificate, "utf8");
    const chain = leaf + readFileSync(authority.certificate, "utf8");
    expect(byCertificate(chain)).toEqual(byCertificate(leaf));
    expect(() =>
      synth((stack) => cluster(stack, undefined, { pki: { revoked: [byCertificate(leaf), byCertificate(chain)] } })),
    ).toThrow(/^pki.revoked: given "serial \w+" twice/);
  });

  it("is no key, and no text shows one", () => {
    const key = readFileSync(made.leaf(authority).key, "utf8");
    expect(() => byCertificate(key)).toThrow(
      /^RevokedCertificate.byCertificate: given a private key, expected a certificate/,
    );
  });
});

describe("a list of revoked certificates", () => {
  const without = member({});

  it("is none where none is given", () => {
    expect(without.env).not.toContain("CRL");
    expect(Object.keys(without.files).filter((name) => name.includes("revo"))).toEqual([]);
    expect(Object.keys(without.steps).filter((name) => name.includes("revoke"))).toEqual([]);
  });

  it.each<[string, PkiProps, string[], string[]]>([
    ["clients", { revoked: [] }, ["ETCD_CLIENT_CRL_FILE"], ["clients"]],
    ["peers", { revokedPeers: [bySerial("5")] }, ["ETCD_PEER_CRL_FILE"], ["peers"]],
    ["both", { revoked: [], revokedPeers: [] }, ["ETCD_CLIENT_CRL_FILE", "ETCD_PEER_CRL_FILE"], ["clients", "peers"]],
  ])("is etcd's for %s, be it empty", (_who, pki, settings, lists) => {
    const { env, files } = member(pki);
    expect([...env.matchAll(/ETCD_\w+_CRL_FILE/g)].map(String)).toEqual(settings);
    for (const list of lists) expect(env).toContain(`/etc/etcd/revoked/${list}.crl`);
    expect(Object.keys(files).filter((name) => name.startsWith("/etc/etcd/revoked/"))).toEqual(
      lists.map((list) => `/etc/etcd/revoked/${list}`),
    );
  });

  it("restarts etcd when it is the first one, and never again", () => {
    const restart = (pki: PkiProps): string => member(pki).files["/etc/etcd/restart.sha256"].content;
    // What the digest is made of stands in locals of their own.
    const settings = (pki: PkiProps): string => restart(pki) + member(pki).env;
    expect(settings({ revoked: [] })).not.toBe(settings({}));
    expect(settings({ revoked: [bySerial("5"), bySerial("6")] })).toBe(settings({ revoked: [] }));
  });

  it("is put in place by steps of its own: on one member after the other, in the rollout's order, once machines have left", () => {
    const { steps } = member({ revoked: [] });
    const own = Object.entries(steps).filter(([name]) => name.includes("/revoke-"));
    expect(own.map(([name]) => name).sort()).toEqual([
      "etcd/etcd-lon1/revoke-3",
      "etcd/etcd-nyc3/revoke-2",
      "etcd/etcd-sgp1/revoke-1",
    ]);
    const after = (name: string): unknown => steps[name].depends_on;
    expect(after("etcd/etcd-sgp1/revoke-1")).toEqual([expect.stringMatching(/etcd_membership_/)]);
    expect(after("etcd/etcd-nyc3/revoke-2")).toEqual([
      expect.stringMatching(/etcd_membership_/),
      expect.stringMatching(/revoke-1/),
    ]);
    expect(after("etcd/etcd-lon1/revoke-3")).toContainEqual(expect.stringMatching(/revoke-2/));
  });

  it("waits for sessions to end that lost permissions, so that no two members cut theirs at once", () => {
    const { steps } = member({ revoked: [] }, { authorization: false });
    expect(steps["etcd/etcd-sgp1/revoke-1"].depends_on).toEqual([expect.stringMatching(/cut-sessions-3/)]);
  });

  it("is part of a cluster that is ready", () => {
    const { output } = synth((stack) => {
      const { ready } = cluster(stack, undefined, { pki: { revoked: [] } });
      new TerraformOutput(stack, "after", { value: 1, dependsOn: [ready], staticId: true });
    });
    expect(output.after).toMatchObject({ depends_on: [expect.stringMatching(/revoke-3/)] });
  });
});
