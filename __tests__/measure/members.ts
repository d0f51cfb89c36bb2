import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { runCommand } from "../tools";
import { refuse, succeed, TestServer } from "./grpc-server";
import { RECORDED_IDS, recordedMetrics } from "./recorded";

/** What etcd 3.6.14 answered to MemberList: cluster 983f0c0cc5cb5baf with one member, a. */
export const MEMBER_LIST = Buffer.from(
  "0a1708afb7adaecc81c39f980110dbf8bdcafdb7a2de772003123f08dbf8bdcafdb7a2de771201611a1768747470733a2f2f3132372e302e302e31" +
    "3a3332333830221768747470733a2f2f3132372e302e302e313a3332333739",
  "hex",
);

function openssl(directory: string, ...args: string[]): void {
  const { status, output } = runCommand("openssl", args, { cwd: directory });
  if (status !== 0) throw new Error(`openssl ${args.join(" ")} failed:\n${output}`);
}

/** Certificates by openssl, as the cluster has them: an authority, members whose names are SANs, clients. */
export class TestAuthority {
  public constructor(private readonly directory: string) {
    mkdirSync(directory, { recursive: true });
    const subject = ["-subj", "/CN=test", "-days", "2", "-keyout", "ca.key", "-out", "ca.crt"];
    openssl(directory, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", ...subject);
  }

  /** Key and certificate of that name, in files `<name>.key` and `<name>.crt`. */
  public issue(name: string): { readonly key: string; readonly cert: string; readonly ca: string } {
    const { directory } = this;
    writeFileSync(path.join(directory, `${name}.ext`), `subjectAltName=DNS:${name},DNS:localhost,IP:127.0.0.1\n`);
    const request = ["-subj", `/CN=${name}`, "-keyout", `${name}.key`, "-out", `${name}.csr`];
    openssl(directory, "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", ...request);
    const signed = ["-in", `${name}.csr`, "-out", `${name}.crt`, "-extfile", `${name}.ext`, "-days", "1"];
    openssl(directory, "x509", "-req", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", ...signed);
    const pem = (file: string): string => readFileSync(path.join(directory, file), "utf8");
    return { key: pem(`${name}.key`), cert: pem(`${name}.crt`), ca: pem("ca.crt") };
  }

  /** An etcd.env as `addClient` writes it, with the client's files. */
  public writeEnv(client: string, endpoints: readonly string[]): string {
    this.issue(client);
    const file = path.join(this.directory, `${client}.env`);
    const at = (name: string): string => path.join(this.directory, name);
    writeFileSync(
      file,
      `# Written by cdktf-etcd.\nexport ETCDCTL_ENDPOINTS='${endpoints.join(",")}'\nexport ETCDCTL_CACERT='${at("ca.crt")}'\n` +
        `export ETCDCTL_CERT='${at(`${client}.crt`)}'\nexport ETCDCTL_KEY='${at(`${client}.key`)}'\nexport ETCDCTL_DIAL_TIMEOUT=4000ms\n`,
    );
    return file;
  }
}

/** A member's client URL with mutual TLS: serves what was recorded of a real one, first before and then after an entry. */
export class TestMember {
  public static async start(
    authority: TestAuthority,
    name: string,
    location: keyof typeof RECORDED_IDS,
  ): Promise<TestMember> {
    let looks = 0;
    const server = await TestServer.start(authority.issue(name), (request, response) => {
      if (request.url === "/metrics") response.end(recordedMetrics(location, looks++ === 0 ? "before" : "after"));
      else if (request.url === "/etcdserverpb.Cluster/MemberList") succeed(response, MEMBER_LIST);
      else refuse(response, 12, `unknown service ${request.url}`);
    });
    return new TestMember(server);
  }

  private constructor(private readonly server: TestServer) {}

  public get url(): string {
    return this.server.url;
  }

  public stop(): void {
    this.server.stop();
  }
}
