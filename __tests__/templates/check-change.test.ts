import { mkdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { find, type Outcome, runTool } from "../tools";
import { NodeRoot } from "./node-root";
import { describeOnLinux, scratchDirectory } from "./render";

jest.setTimeout(60_000);

const scratch = scratchDirectory();
let made = 0;
const newPath = (name: string): string => path.join(scratch, `${made++}-${name}`);

function openssl(...args: string[]): boolean {
  return runTool("openssl", args).status === 0;
}
function mustOpenssl(...args: string[]): void {
  if (!openssl(...args)) throw new Error(`openssl ${args.join(" ")}\n${runTool("openssl", args).output}`);
}

/** An authority: the files with its key and its certificate. */
interface Authority {
  readonly key: string;
  readonly certificate: string;
}

const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
const VALID = ["-days", "9"];

function authority(title: string): Authority {
  const files = { key: newPath("ca.key"), certificate: newPath("ca.crt") };
  mustOpenssl(
    "req",
    "-x509",
    ...NEW_KEY,
    ...VALID,
    "-subj",
    `/CN=${title}`,
    "-keyout",
    files.key,
    "-out",
    files.certificate,
  );
  return files;
}

/** Signs so that it has run out: earlier releases know no such dates, and take a negative number of days. */
function runOut(...args: string[]): void {
  if (openssl(...args, "-not_before", "20250101000000Z", "-not_after", "20260101000000Z")) return;
  mustOpenssl(...args, "-days", "-1");
}

/** The authority's certificate as it was made earlier, with the same key, and has run out. */
function before({ key, certificate }: Authority): Authority {
  const old = newPath("ca.crt");
  runOut("x509", "-in", certificate, "-signkey", key, "-out", old);
  return { key, certificate: old };
}

/** Making one takes two processes, and it does not matter whose it is. */
const leaves = new Map<string, string>();

function leaf(by: Authority, validity: "valid" | "run out"): string {
  const name = `${by.certificate} ${validity}`;
  const found = leaves.get(name) ?? newLeaf(by, validity);
  leaves.set(name, found);
  return found;
}

function newLeaf(by: Authority, validity: "valid" | "run out"): string {
  const [key, request, certificate] = ["leaf.key", "leaf.csr", "leaf.crt"].map(newPath);
  mustOpenssl("req", "-new", ...NEW_KEY, "-subj", "/CN=etcd-lon1", "-keyout", key, "-out", request);
  const sign = ["x509", "-req", "-in", request, "-CA", by.certificate, "-CAkey", by.key, "-set_serial", String(++made)];
  if (validity === "valid") mustOpenssl(...sign, ...VALID, "-out", certificate);
  else runOut(...sign, "-out", certificate);
  return certificate;
}

/** What a member has of certificates: whom it trusts, and who signs, first. */
interface Pki {
  readonly clients: readonly Authority[];
  readonly peers: readonly Authority[];
  /** Of its server and peer certificate, and of that which it asks with. @default "valid" */
  readonly leaves?: "valid" | "run out";
  readonly admin?: "valid" | "run out";
}

function filesOf({ clients, peers, leaves = "valid", admin = leaves }: Pki): Record<string, string> {
  const read = (files: readonly string[]): string => files.map((file) => readFileSync(file, "utf8")).join("");
  const trust = (authorities: readonly Authority[]): string => read(authorities.map(({ certificate }) => certificate));
  return {
    "pki/client-ca.crt": trust(clients),
    "pki/peer-ca.crt": trust(peers),
    "pki/server.crt": read([leaf(clients[0], leaves)]),
    "pki/peer.crt": read([leaf(peers[0], leaves)]),
    "admin/admin.crt": read([leaf(clients[0], admin)]),
  };
}

interface Change {
  readonly live: Pki;
  readonly staged: Pki;
  /** What else the edit changes: the version, say. */
  readonly version?: string;
  readonly members?: string;
  readonly quotaGiB?: number;
  /** Whether etcd runs with what is laid down. @default true */
  readonly completed?: boolean;
  /** Whether etcd on this machine refuses its own certificates as expired. @default false */
  readonly refuses?: boolean;
}

function check({ live, staged, version, members, quotaGiB = 2, completed = true, refuses = false }: Change): Outcome {
  const directory = newPath("root");
  mkdirSync(directory);
  const root = new NodeRoot(directory);
  const lay = (at: string, pki: Pki, declared: Record<string, string>, gib: number): void => {
    for (const [file, text] of Object.entries(filesOf(pki))) root.write(`${at}etc/etcd/${file}`, text);
    root.variables(`${at}etc/etcd/declared.env`, {
      ...{ MEMBER: "etcd-lon1", MEMBERS: "etcd-lon1 etcd-nyc3", VERSION: "3.6.14", GENESIS: 1 },
      ...{ RECOVER_FROM: "", RESTORE_SNAPSHOT: "", ADOPTED_PEER_URLS: "" },
      ...declared,
    });
    root.write(`${at}etc/etcd/etcd.env`, `ETCD_QUOTA_BACKEND_BYTES=${gib * 1024 ** 3}\n`);
    root.write(`${at}etc/etcd/restart.sha256`, at === "" ? "before\n" : "now\n");
  };
  lay("", live, {}, 2);
  lay("stage/", staged, { ...(version && { VERSION: version }), ...(members && { MEMBERS: members }) }, quotaGiB);
  root.write("run/etcd/started.sha256", completed ? "before\n" : "earlier\n");
  root.variables("etc/etcd/rollout.env", {
    PEER_URL: "",
    OTHERS: "",
    OTHER_PEER_URLS: "",
    LEAVING: "",
    DIAL_SECONDS: 1,
  });
  root.variables("etc/etcd/leader.env", {});
  root.variables("etc/etcd/etcdctl.env", {
    ETCDCTL_CACERT: "/etc/etcd/pki/client-ca.crt",
    ETCDCTL_CERT: "/etc/etcd/admin/admin.crt",
    ETCDCTL_KEY: "/etc/etcd/admin/admin.key",
  });
  for (const script of ["check-restore", "check-version", "check-log"]) root.replace(script, "exit 0");
  // Nobody tells anything.
  root.play("etcdctl", "exit 1\n");
  root.play(
    "openssl",
    `[ "$1" != s_client ] || { ${refuses ? "echo 'SSL alert number 45'; exit 1" : "exit 0"}; }\nexec '${find("openssl") ?? ""}' "$@"\n`,
  );
  return root.run("check-change", root.path("stage"));
}

const PASSES = { status: 0, output: "" };
const refused = (pattern: RegExp, status = 1): object => ({
  status,
  output: expect.stringMatching(pattern) as unknown,
});
/** But for the certificates, which may take their place. */
const CERTIFICATES_ALONE = 75;

describeOnLinux("what may follow what, of certificates", () => {
  const client = authority("etcd client authority");
  const peer = authority("etcd peer authority");
  const client2 = authority("etcd client authority 2");
  const peer2 = authority("etcd peer authority 2");
  const [oldClient, oldPeer] = [before(client), before(peer)];
  const now: Pki = { clients: [client], peers: [peer] };

  it("has nothing against what stays as it is", () => {
    expect(check({ live: now, staged: now })).toMatchObject(PASSES);
  });

  it.each<[string, Pki]>([
    ["both", { clients: [oldClient], peers: [oldPeer] }],
    ["the clients'", { clients: [oldClient], peers: [peer] }],
    ["the peers'", { clients: [client], peers: [oldPeer] }],
    ["both, and leaves", { clients: [oldClient], peers: [oldPeer], leaves: "run out" }],
    ["one of two generations", { clients: [oldClient, client2], peers: [peer] }],
  ])("takes authorities that were made anew with their keys, as they had run out: %s", (_name, live) => {
    const staged = { clients: [client, ...live.clients.slice(1)], peers: [peer] };
    for (const completed of [true, false]) expect(check({ live, staged, completed })).toMatchObject(PASSES);
  });

  it("takes one at a time of those that were made with other keys", () => {
    const introduced = { clients: [client, client2], peers: [peer] };
    expect(check({ live: now, staged: introduced })).toMatchObject(PASSES);
    expect(check({ live: introduced, staged: { clients: [client2, client], peers: [peer] } })).toMatchObject(PASSES);
    expect(check({ live: now, staged: { clients: [client, client2], peers: [peer, peer2] } })).toMatchObject(
      refused(/would change the client authority, the peer authority at once/),
    );
    expect(check({ live: now, staged: { clients: [client2], peers: [peer] } })).toMatchObject(
      refused(/skips a stage: the new client authority would sign/),
    );
    expect(check({ live: now, staged: introduced, completed: false })).toMatchObject(
      refused(/the deploy before this one was not completed here/),
    );
  });

  it("takes an authority of the same name with another key for another one", () => {
    const namesake = authority("etcd client authority");
    expect(check({ live: now, staged: { clients: [namesake], peers: [peer] } })).toMatchObject(
      refused(/skips a stage/),
    );
  });

  const RUN_OUT: readonly (readonly [string, Pki])[] = [
    ["both authorities", { clients: [oldClient], peers: [oldPeer] }],
    ["the peers' authority", { clients: [client], peers: [oldPeer] }],
    ["the certificates of members", { ...now, leaves: "run out", admin: "valid" }],
    ["the certificate that they ask with", { ...now, admin: "run out" }],
  ];

  it.each(RUN_OUT)("takes no edit that members would have to be asked about while %s ran out", (_name, live) => {
    const edits: readonly (readonly [Partial<Change>, string])[] = [
      [{ version: "3.7.1" }, "the version of etcd"],
      [{ members: "etcd-lon1" }, "the list of members"],
      [{ quotaGiB: 1 }, "settings\\.quotaGiB to less"],
      [{ staged: { clients: [client, client2], peers: [peer] } }, "the client authority"],
    ];
    for (const [edit, what] of edits) {
      expect(check({ live, staged: now, ...edit })).toMatchObject(
        refused(
          new RegExp(`would change ${what}, but members can't be asked whether it may: certificates have run out`),
          CERTIFICATES_ALONE,
        ),
      );
    }
    expect(check({ live, staged: now, quotaGiB: 4 })).toMatchObject(PASSES);
    // A stage that is skipped is refused with its certificates.
    expect(check({ live, staged: { clients: [client2], peers: [peer] } })).toMatchObject(refused(/skips a stage/));
  });

  it("knows that of etcd itself where the new ones are laid down already, and it has not restarted", () => {
    expect(check({ live: now, staged: now, version: "3.7.1", refuses: true })).toMatchObject(
      refused(
        /would change the version of etcd, but members .*: etcd runs with an authority that has run out\. Take the edit back/,
        CERTIFICATES_ALONE,
      ),
    );
    expect(check({ live: now, staged: now, version: "3.7.1" })).toMatchObject(PASSES);
    expect(check({ live: now, staged: now, refuses: true })).toMatchObject(PASSES);
  });
});
