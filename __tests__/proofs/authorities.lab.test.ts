/** @independent */
import { copyFileSync, mkdirSync, mkdtempSync } from "node:fs";
import * as path from "node:path";
import { ensureCommands } from "terraform-lab";
import { BareEtcd, isHealthy, memberFlags } from "../../proofs/etcd/bare-etcd";
import { ensureKnownEtcd } from "../../proofs/etcd/known-release";
import { EtcdVersion } from "../../lib/etcd-version";
import { type AuthorityFiles, Certificates, type Validity } from "../templates/certificates";
import { RelocatedNode } from "../templates/relocated-node";
import { scratchDirectory } from "../templates/render";

jest.setTimeout(60_000);

const scratch = scratchDirectory();
const certificates = new Certificates(scratch);
let binDir: string;
let etcd: BareEtcd | undefined;
let now: Record<"client" | "peer", AuthorityFiles>;
let before: Record<"client" | "peer", AuthorityFiles>;

/** Starts a member on this machine, anew, that trusts these; a story has the ports to itself. */
async function start(
  trust: Record<"client" | "peer", AuthorityFiles>,
  leaves: Record<"client" | "peer", AuthorityFiles>,
  more: Readonly<Record<string, string>> = {},
): Promise<void> {
  await etcd?.kill();
  const [dataDirectory, metricsUrl] = [mkdtempSync(path.join(scratch, "data-")), "http://127.0.0.1:2381"];
  const [clientUrl, peerUrl] = ["https://127.0.0.1:2379", "https://127.0.0.1:2380"];
  etcd = BareEtcd.start({
    program: path.join(binDir, "etcd"),
    flags: {
      ...memberFlags({ name: "a", dataDirectory, clientUrl, peerUrl }),
      "initial-cluster": `a=${peerUrl}`,
      "listen-metrics-urls": metricsUrl,
      "client-cert-auth": "true",
      "trusted-ca-file": trust.client.certificate,
      "cert-file": leaves.client.certificate,
      "key-file": leaves.client.key,
      "peer-client-cert-auth": "true",
      "peer-trusted-ca-file": trust.peer.certificate,
      "peer-cert-file": leaves.peer.certificate,
      "peer-key-file": leaves.peer.key,
      ...more,
    },
    log: `${dataDirectory}.log`,
    answers: () => isHealthy(metricsUrl),
  });
  await etcd.untilAnswers();
}

/** What the node scripts say of etcd as it runs here, with these certificates laid down. */
function judged(leaves: Record<"client" | "peer", AuthorityFiles>): string[] {
  const directory = mkdtempSync(path.join(scratch, "root-"));
  const root = new RelocatedNode(directory);
  for (const [name, { client, peer }] of Object.entries({ "-ca": now, "": leaves })) {
    const files: Record<string, string> =
      name === "-ca"
        ? { "pki/client-ca.crt": client.certificate, "pki/peer-ca.crt": peer.certificate }
        : {
            "admin/admin.crt": client.certificate,
            "admin/admin.key": client.key,
            "pki/peer.crt": peer.certificate,
            "pki/peer.key": peer.key,
          };
    for (const [file, source] of Object.entries(files)) {
      const target = root.path(`etc/etcd/${file}`);
      mkdirSync(path.dirname(target), { recursive: true });
      copyFileSync(source, target);
    }
  }
  root.variables("etc/etcd/rollout.env", {
    OTHERS: "",
    OTHER_PEER_URLS: "https://127.0.0.1:2380 https://127.0.0.1:2",
    LEAVING: "",
    DIAL_SECONDS: 1,
  });
  root.variables("etc/etcd/declared.env", { MEMBER: "a" });
  root.variables("etc/etcd/leader.env", {});
  root.variables("etc/etcd/etcdctl.env", {
    ETCDCTL_CACERT: "/etc/etcd/pki/client-ca.crt",
    ETCDCTL_CERT: "/etc/etcd/admin/admin.crt",
    ETCDCTL_KEY: "/etc/etcd/admin/admin.key",
  });
  root.replace(
    "judge",
    root.here(`. /usr/local/lib/cdktf-etcd/common.sh
. /usr/local/lib/cdktf-etcd/authorities.sh
! outdated_for_clients || echo outdated for clients
! outdated_for_peers || echo outdated for peers
peers_that accepts_as_peer | sed 's/^/accepts /'
peers_that refuses_as_peer | sed 's/^/refuses /'`),
  );
  const { status, output } = root.run("judge");
  expect([status, output]).toEqual([0, expect.not.stringContaining("error")]);
  return output.split("\n").filter((line) => line !== "");
}

const signedBy = (
  authorities: Record<"client" | "peer", AuthorityFiles>,
  validity?: Validity,
): Record<"client" | "peer", AuthorityFiles> => ({
  client: certificates.leaf(authorities.client, validity),
  peer: certificates.leaf(authorities.peer, validity),
});

beforeAll(async () => {
  await ensureCommands(["openssl", "curl"]);
  ({ binDir } = await ensureKnownEtcd(EtcdVersion.V3_6_14.version));
  now = { client: certificates.authority("client authority"), peer: certificates.authority("peer authority") };
  before = { client: certificates.before(now.client), peer: certificates.before(now.peer) };
}, 600_000);
afterAll(() => etcd?.kill());

describe("whether etcd runs with an authority that has run out, by its own word", () => {
  const OUTDATED = ["outdated for clients", "outdated for peers", "refuses https://127.0.0.1:2380"];
  const ACCEPTS = ["accepts https://127.0.0.1:2380"];

  it("is so for each authority by itself", async () => {
    await start(before, signedBy(now));
    expect(judged(signedBy(now))).toEqual(OUTDATED);
    await start({ client: before.client, peer: now.peer }, signedBy(now));
    expect(judged(signedBy(now))).toEqual(["outdated for clients", ...ACCEPTS]);
    await start({ client: now.client, peer: before.peer }, signedBy(now));
    expect(judged(signedBy(now))).toEqual(["outdated for peers", "refuses https://127.0.0.1:2380"]);
  });

  it("is so where etcd speaks TLS 1.3 alone, too", async () => {
    await start(before, signedBy(now), { "tls-min-version": "TLS1.3" });
    expect(judged(signedBy(now))).toEqual(OUTDATED);
    await start(now, signedBy(now), { "tls-min-version": "TLS1.3" });
    expect(judged(signedBy(now))).toEqual(ACCEPTS);
  });

  it("is not so once it has read the new ones, which accept what the old ones have signed", async () => {
    await start(now, signedBy(before));
    expect(judged(signedBy(now))).toEqual(ACCEPTS);
    expect(judged(signedBy(before))).toEqual(ACCEPTS);
  });

  it("is not so where a certificate is what has run out, or is not trusted at all", async () => {
    await start(now, signedBy(now));
    expect(judged(signedBy(now, "run out"))).not.toContainEqual(expect.stringMatching(/outdated/));
    const others = {
      client: certificates.authority("client authority"),
      peer: certificates.authority("peer authority"),
    };
    await start(others, signedBy(others));
    expect(judged(signedBy(now))).toEqual([]);
  });

  it("is not known where it does not run", async () => {
    await etcd?.kill();
    expect(judged(signedBy(now))).toEqual([]);
  });
});
