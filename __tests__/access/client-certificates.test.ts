import { EtcdClient, EtcdClientProps } from "../../lib";
import { cluster, resources, synth } from "../synth";

const REQUEST = "-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----\n";

function client(props: EtcdClientProps = {}, clientFiles = true) {
  let made: EtcdClient | undefined;
  const stack = synth((one) => {
    made = cluster(one, undefined, { clientFiles }).addClient("app", props);
  });
  if (made === undefined) throw new Error("no client");
  const under = (type: string): Record<string, Record<string, unknown>> =>
    Object.fromEntries(Object.entries(resources(stack, type)).filter(([path]) => path.includes("client-app")));
  return { stack, made, under, files: Object.values(under("local_sensitive_file")) };
}

const names = (files: readonly Record<string, unknown>[]): string[] =>
  files.map(({ filename }) => String(filename).replace(/^.*\//, "")).sort();

describe("a client's key", () => {
  it("is where it always was with a count of 0", () => {
    expect(client({ renew: 0 }).stack).toEqual(client().stack);
  });

  it("is another one, with another certificate, once the count is another, and nothing else is", () => {
    const [before, after] = [client(), client({ renew: 2 })];
    for (const type of ["tls_private_key", "tls_cert_request", "tls_locally_signed_cert"]) {
      const [was, is] = [before, after].map(({ under }) => Object.keys(under(type)));
      expect([was, is]).toEqual([
        [expect.stringMatching(/^etcd\/client-app\/certificate\//)],
        [expect.stringMatching(/^etcd\/client-app\/certificate-2\//)],
      ]);
    }
    const others = ({ stack }: typeof before): unknown =>
      Object.entries(stack.resource).flatMap(([type, made]) =>
        Object.entries(made).filter(([name]) => !name.includes("client-app") && type !== "terraform_data"),
      );
    expect(others(after)).toEqual(others(before));
    expect(resources(after.stack, "terraform_data")).toEqual(resources(before.stack, "terraform_data"));
    expect(names(after.files)).toEqual(names(before.files));
  });
});

describe("a client with a request of its own", () => {
  const made = client({ certificateRequestPem: REQUEST });

  it("has no key here: in no resource, file or output", () => {
    expect(names(made.files)).toEqual(["ca.crt", "client.crt", "curl.sh", "etcd.env"]);
    // The one key is nobody's: it signs what nobody trusts.
    expect(Object.keys(made.under("tls_private_key"))).toEqual(["etcd/client-app/requested/nobody-key"]);
    expect(Object.keys(made.stack.output)).toContain("etcd_client_app_certificate");
    expect(Object.keys(made.stack.output)).not.toContain("etcd_client_app_key");
    expect(JSON.stringify(made.stack.output)).not.toContain("nobody");
    expect(() => made.made.privateKeyPem).toThrow(/its own|where the request was made/);
  });

  it("has no key in the output of its files either", () => {
    const { stack } = client({ certificateRequestPem: REQUEST }, false);
    expect(Object.keys(stack.output.etcd_client_app_files.value as object).sort()).toEqual([
      "ca.crt",
      "client.crt",
      "curl.sh",
      "etcd.env",
    ]);
  });

  it("is signed by the cluster's authority only if the request names it, which a certificate that nobody trusts tells", () => {
    const signed = made.under("tls_locally_signed_cert");
    const { trial, certificate } = Object.fromEntries(
      Object.entries(signed).map(([path, one]) => [path.replace(/^.*\//, ""), one]),
    );
    expect(trial).toMatchObject({
      cert_request_pem: REQUEST,
      allowed_uses: [],
      ca_cert_pem: expect.stringMatching(/requested_nobody_/) as unknown,
      ca_private_key_pem: expect.stringMatching(/requested_nobody-key_/) as unknown,
    });
    expect(certificate).toMatchObject({
      cert_request_pem: REQUEST,
      allowed_uses: ["digital_signature", "key_encipherment", "client_auth"],
      ca_cert_pem: expect.stringMatching(/pki_client-ca_/) as unknown,
      lifecycle: {
        precondition: [
          {
            condition: expect.stringMatching(
              /^\$\{\(data\.tls_certificate\.\S+requested_read_\S+\.certificates\[0\]\.subject == "CN=app"\)\}$/,
            ) as unknown,
            error_message: expect.stringMatching(
              /names \$\{data\.\S+\.subject\}, .*subject CN=app and nothing else/,
            ) as unknown,
          },
        ],
      },
    });
  });
});
