import { mkdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { find, type Outcome } from "../tools";
import { type AuthorityFiles, Certificates, type Validity } from "./certificates";
import { RelocatedNode } from "./relocated-node";
import { describeOnLinux, scratchDirectory } from "./render";

jest.setTimeout(60_000);

const scratch = scratchDirectory();
const made = new Certificates(scratch);
let roots = 0;

/** What a member has of certificates: whom it trusts, and who signs, first. */
interface Pki {
  readonly clients: readonly AuthorityFiles[];
  readonly peers: readonly AuthorityFiles[];
  /** Of its server and peer certificate, and of that which it asks with. @default "valid" */
  readonly leaves?: Validity;
  readonly admin?: Validity;
}

function filesOf({ clients, peers, leaves = "valid", admin = leaves }: Pki): Record<string, string> {
  const read = (files: readonly string[]): string => files.map((file) => readFileSync(file, "utf8")).join("");
  const trust = (authorities: readonly AuthorityFiles[]): string =>
    read(authorities.map(({ certificate }) => certificate));
  return {
    "pki/client-ca.crt": trust(clients),
    "pki/peer-ca.crt": trust(peers),
    "pki/server.crt": read([made.leaf(clients[0], leaves).certificate]),
    "pki/peer.crt": read([made.leaf(peers[0], leaves).certificate]),
    "admin/admin.crt": read([made.leaf(clients[0], admin).certificate]),
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
  const directory = path.join(scratch, `root-${roots++}`);
  mkdirSync(directory);
  const root = new RelocatedNode(directory);
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
  root.write("run/cdktf-etcd/started.sha256", completed ? "before\n" : "earlier\n");
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
  const client = made.authority("etcd client authority");
  const peer = made.authority("etcd peer authority");
  const client2 = made.authority("etcd client authority 2");
  const peer2 = made.authority("etcd peer authority 2");
  const [oldClient, oldPeer] = [made.before(client), made.before(peer)];
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

  it("takes one that is not the end of its own chain, by the same stages", () => {
    const own = made.intermediate("etcd", made.authority("Example root"));
    const stages = [[client], [client, own], [own, client], [own]].map((clients): Pki => ({ clients, peers: [peer] }));
    for (const [at, staged] of stages.slice(1).entries()) {
      expect([at, check({ live: stages[at], staged })]).toMatchObject([at, PASSES]);
    }
    expect(check({ live: now, staged: stages[3] })).toMatchObject(refused(/skips a stage/));
  });

  it("takes an authority of the same name with another key for another one", () => {
    const namesake = made.authority("etcd client authority");
    expect(check({ live: now, staged: { clients: [namesake], peers: [peer] } })).toMatchObject(
      refused(/skips a stage/),
    );
  });

  const expectUnasked = (change: Change, what: string): void => {
    const message = `would change ${what}, but members can't be asked whether it may: certificates have run out`;
    expect(check(change)).toMatchObject(refused(new RegExp(message), CERTIFICATES_ALONE));
  };

  it.each<[string, Pki]>([
    ["both authorities", { clients: [oldClient], peers: [oldPeer] }],
    ["the peers' authority", { clients: [client], peers: [oldPeer] }],
    ["the certificates of members", { ...now, leaves: "run out", admin: "valid" }],
    ["the certificate that they ask with", { ...now, admin: "run out" }],
  ])("takes no edit that members would have to be asked about while %s ran out", (_name, live) => {
    expectUnasked({ live, staged: now, version: "3.7.1" }, "the version of etcd");
  });

  it("knows which edits those are", () => {
    const live: Pki = { ...now, leaves: "run out" };
    expectUnasked({ live, staged: now, members: "etcd-lon1" }, "the list of members");
    expectUnasked({ live, staged: now, quotaGiB: 1 }, "settings\\.quotaGiB to less");
    expectUnasked({ live, staged: { clients: [client, client2], peers: [peer] } }, "the client authority");
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
