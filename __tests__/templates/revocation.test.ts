import { readFileSync } from "node:fs";
import { type AuthorityFiles, Certificates } from "./certificates";
import { describeAsRoot, freshNodes, NODE_SCRIPTS, NodeRoot } from "./node-root";
import { plain, scratchDirectory } from "./render";

jest.setTimeout(60_000);

const STAGE = "/etc/etcd/.stage.x";
const LISTS = "/etc/etcd/revoked";
const made = new Certificates(scratchDirectory());
const text = (file: string): string => readFileSync(file, "utf8");

describeAsRoot("lists of revoked certificates", () => {
  const freshNode = freshNodes();
  const [clients, peers] = [made.authority("clients"), made.authority("peers")];
  const leaves = Object.fromEntries(
    (
      [
        ["pki/server.crt", clients],
        ["admin/admin.crt", made.authority("clients, too")],
        ["pki/peer.crt", peers],
      ] as const
    ).map(([file, by]) => [file, made.leaf(by)]),
  );
  let node: NodeRoot;

  /** As the lists have it. */
  const serialOf = (certificate: string): string => {
    node.put("/run/one.crt", certificate);
    return node.run("openssl x509 -noout -serial -in /run/one.crt | sed -e 's/serial=//' -e 's/^0*//'").output.trim();
  };
  const pki = (root: string): void => {
    const files: Record<string, string> = {
      "pki/client-ca.crt": clients.certificate,
      "pki/peer-ca.crt": peers.certificate,
    };
    for (const [file, { certificate }] of Object.entries(leaves)) files[file] = certificate;
    for (const [file, from] of Object.entries(files)) node.put(`${root}/etc/etcd/${file}`, text(from));
    node.put(`${root}/etc/etcd/pki/peer.key`, text(leaves["pki/peer.crt"].key));
  };
  const lay = (root: string, list: string, lines: readonly string[]): void => {
    node.put(`${root}${LISTS}/${list}`, lines.map((line) => `${line}\n`).join(""));
  };
  const refused = (list: string): string[] => {
    const { status, output } = node.run(
      `openssl crl -inform DER -in ${LISTS}/${list}.crl -noout -text | sed -n 's/^ *Serial Number: //p'`,
    );
    expect(status).toBe(0);
    return output.trim() === "" ? [] : output.trim().split("\n");
  };
  const ofAnother = (): string => text(made.leaf(made.authority("another")).certificate);

  beforeEach(() => {
    node = freshNode();
    node.scripts("revocation.sh", "revoke.sh", "common.sh", "sessions.sh");
    pki("");
    pki(STAGE);
    node.put("/etc/etcd/etcd.env", "ETCD_NAME=etcd-lon1\n");
  });

  describe("as an install stages them", () => {
    /** The parts of the script that stages, without what other features do in between. */
    const stage = (): { status: number | null; output: string } => {
      node.put(`${STAGE}${NODE_SCRIPTS}/revocation.sh`, plain("revocation/revocation.sh"));
      return node.run(
        `stage=${STAGE}; say() { echo "x: $*"; }; fail() { echo "error: x: $*"; exit 1; }\n` +
          plain("revocation/stage-check.sh.part") +
          plain("revocation/stage-prepare.sh.part"),
      );
    };
    const PASSES = { status: 0, output: "" };
    const born = (): void => {
      node.put("/var/lib/cdktf-etcd-node/born", "");
    };
    const inUse = (list: "clients" | "peers", serials: readonly string[]): void => {
      const name = list === "clients" ? "CLIENT" : "PEER";
      node.put("/etc/etcd/etcd.env", `ETCD_${name}_CRL_FILE=${LISTS}/${list}.crl\n`);
      const numbers = serials.join("\n");
      expect(node.run(`. ${NODE_SCRIPTS}/revocation.sh; put_list ${list} '${numbers}'`)).toMatchObject(PASSES);
    };

    it("are there before etcd can start with them, empty or not, and for anybody to read", () => {
      const certificate = ofAnother();
      lay(STAGE, "clients", [
        "serial FA1B",
        `certificate ${Buffer.from(certificate).toString("base64")}`,
        "serial 5005",
      ]);
      lay(STAGE, "peers", ["serial 5007"]);
      expect(stage()).toMatchObject(PASSES);
      expect(
        refused("clients")
          .map((one) => one.replace(/^0/, ""))
          .sort(),
      ).toEqual(["5005", "FA1B", serialOf(certificate)].sort());
      // A predecessor may have to hand its data over first.
      expect(refused("peers")).toEqual([]);
      const modes = node.run(`stat -c '%a %U %n' ${LISTS} ${LISTS}/*.crl; ls -A ${LISTS}`).output.trim().split("\n");
      expect(modes).toEqual([
        `755 root ${LISTS}`,
        `644 root ${LISTS}/clients.crl`,
        `644 root ${LISTS}/peers.crl`,
        "clients.crl",
        "peers.crl",
      ]);
    });

    it("stay as they are on a member that goes by them, until all members have their certificates", () => {
      born();
      inUse("clients", ["5005"]);
      lay(STAGE, "clients", ["serial 5006"]);
      expect(stage()).toMatchObject(PASSES);
      expect(refused("clients")).toEqual(["5005"]);
    });

    it.each([
      ["was lost", `rm ${LISTS}/clients.crl`],
      ["is none", `echo x >${LISTS}/clients.crl`],
      ["is PEM", `openssl crl -inform DER -in ${LISTS}/clients.crl -out /run/pem; cat /run/pem >${LISTS}/clients.crl`],
    ])("are made anew where one %s", (_how, damage) => {
      born();
      inUse("clients", ["5005"]);
      expect(node.run(damage).status).toBe(0);
      lay(STAGE, "clients", ["serial 5006"]);
      expect(stage()).toMatchObject(PASSES);
      expect(refused("clients")).toEqual(["5006"]);
    });

    it("are made anew on a machine that is not in service yet, and by a member that does not go by them", () => {
      inUse("clients", ["5005"]);
      lay(STAGE, "clients", ["serial 5006"]);
      expect(stage()).toMatchObject(PASSES);
      expect(refused("clients")).toEqual(["5006"]);
      born();
      node.put("/etc/etcd/etcd.env", "ETCD_NAME=etcd-lon1\n");
      lay(STAGE, "clients", ["serial 5007"]);
      expect(stage()).toMatchObject(PASSES);
      expect(refused("clients")).toEqual(["5007"]);
    });

    it.each([
      ["revoked", "clients", "server", () => leaves["pki/server.crt"], "/etc/etcd/pki/server.crt"],
      ["revoked", "clients", "admin", () => leaves["admin/admin.crt"], "/etc/etcd/admin/admin.crt"],
      ["revoked", "clients", "authority's", () => clients, "/etc/etcd/pki/client-ca.crt"],
      ["revokedPeers", "peers", "peer", () => leaves["pki/peer.crt"], "/etc/etcd/pki/peer.crt"],
      ["revokedPeers", "peers", "authority's", () => peers, "/etc/etcd/pki/peer-ca.crt"],
    ] as [string, string, string, () => AuthorityFiles, string][])(
      "are refused (pki.%s) with a %s' list that has this member's own %s certificate, and nothing is changed",
      (prop, list, _which, own, file) => {
        const certificate = text(own().certificate);
        for (const line of [
          `serial ${serialOf(certificate)}`,
          `certificate ${Buffer.from(certificate).toString("base64")}`,
        ]) {
          lay(STAGE, list, ["serial 5005", line]);
          const { status, output } = stage();
          expect([status, output]).toEqual([
            1,
            expect.stringContaining(
              `error: x: pki.${prop} has a certificate that this member itself uses (${file}): the cluster`,
            ),
          ]);
          expect(node.exists(`${LISTS}/${list}.crl`)).toBe(false);
        }
      },
    );

    it("are refused with what is no certificate", () => {
      lay(STAGE, "peers", [`certificate ${Buffer.from("nothing").toString("base64")}`]);
      expect(stage()).toMatchObject({
        status: 1,
        output: expect.stringContaining("error: x: pki.revokedPeers has a certificate that is none") as unknown,
      });
    });

    it("take the certificate that this member has now, if it gets another one in this deploy", () => {
      const old = text(made.leaf(made.authority("earlier")).certificate);
      node.put("/etc/etcd/pki/peer.crt", old);
      lay(STAGE, "peers", [`serial ${serialOf(old)}`]);
      expect(stage()).toMatchObject(PASSES);
    });
  });

  describe("on a running member", () => {
    beforeEach(() => {
      node.put(
        "/etc/etcd/rollout.env",
        "OTHERS=\nLEAVING=\nOTHER_PEER_URLS=https://198.51.100.2:2380\nDIAL_SECONDS=1\nHEALTH_BUDGET_SECONDS=3\n",
      );
      node.put("/etc/etcd/declared.env", "MEMBER=etcd-lon1\n");
      node.put("/etc/etcd/leader.env", "");
      node.put("/etc/etcd/etcdctl.env", "");
      node.put(
        "/etc/etcd/etcd.env",
        `ETCD_CLIENT_CRL_FILE=${LISTS}/clients.crl\nETCD_PEER_CRL_FILE=${LISTS}/peers.crl\n`,
      );
      node.stub("etcdctl", "echo 'https://127.0.0.1:2379 is healthy: x'");
      // Notes which ports connections are cut at; -K leaves none.
      node.stub(
        "ss",
        `case "$*" in *-K*) echo "$*" | sed 's/.*sport = :\\([0-9]*\\).*/\\1/' >>/run/cut; touch /run/none ;;
          *) [ -e /run/none ] || echo "0 0 127.0.0.1:1 127.0.0.1:2" ;; esac`,
      );
      lay("", "clients", []);
      lay("", "peers", []);
      for (const list of ["clients", "peers"])
        expect(node.run(`. ${NODE_SCRIPTS}/revocation.sh; put_list ${list} ''`).status).toBe(0);
    });

    const revoke = (): string => {
      node.run("rm -f /run/cut /run/none");
      const { status, output } = node.run(`${NODE_SCRIPTS}/revoke`);
      expect([status, output]).toEqual([0, expect.any(String)]);
      return output;
    };
    const cut = (): string[] => (node.exists("/run/cut") ? node.read("/run/cut").trim().split("\n") : []);

    it("do nothing while they are empty", () => {
      expect([revoke(), cut()]).toEqual(["", []]);
    });

    it("are put in place, and connections cut at that port alone, once", () => {
      lay("", "clients", ["serial FA1B"]);
      expect(revoke()).toContain("etcd-lon1: revoked certificates of clients that it refuses from now on: 1");
      expect([refused("clients"), refused("peers"), cut()]).toEqual([["FA1B"], [], ["2379"]]);
      expect([revoke(), cut()]).toEqual(["", []]);
      lay("", "peers", ["serial 5007"]);
      revoke();
      expect([refused("peers"), cut()]).toEqual([["5007"], ["2380"]]);
    });

    it("cut once more for whoever comes on the list, not for whoever leaves it", () => {
      lay("", "clients", ["serial 5005", "serial 5006"]);
      revoke();
      lay("", "clients", ["serial 5006"]);
      revoke();
      expect([refused("clients"), cut()]).toEqual([["5006"], []]);
      lay("", "clients", ["serial 5006", "serial 5005"]);
      revoke();
      expect(cut()).toEqual(["2379"]);
    });

    it("are completed where they were cut off between the list and the connections", () => {
      lay("", "clients", ["serial 5005"]);
      expect(node.run(`. ${NODE_SCRIPTS}/revocation.sh; put_list clients 5005`).status).toBe(0);
      expect(revoke()).not.toContain("from now on");
      expect(cut()).toEqual(["2379"]);
    });

    it("are left as they are where the machine has not got its new certificate yet", () => {
      const own = serialOf(text(leaves["pki/peer.crt"].certificate));
      lay("", "clients", ["serial 5005"]);
      lay("", "peers", [`serial ${own}`]);
      expect(node.run(`${NODE_SCRIPTS}/revoke`)).toMatchObject({
        status: 1,
        output: expect.stringMatching(
          /^error: etcd-lon1: nothing is revoked: a certificate on \S+peers is in use \(\/etc\/etcd\/pki\/peer.crt\)/,
        ) as unknown,
      });
      expect([refused("clients"), refused("peers"), cut()]).toEqual([[], [], []]);
    });

    it("are left as they are where another member still shows a certificate on them", () => {
      const other = made.leaf(made.authority("other"));
      node.put("/run/other.crt", text(other.certificate));
      node.put("/run/other.key", text(other.key));
      node.put("/etc/etcd/rollout.env", node.read("/etc/etcd/rollout.env").replace("198.51.100.2", "127.0.0.1"));
      lay("", "peers", [`serial ${serialOf(text(other.certificate))}`]);
      const { output } = node.run(
        "ip link set lo up; openssl s_server -quiet -accept 2380 -cert /run/other.crt -key /run/other.key >/dev/null 2>&1 & " +
          `sleep 0.5; ${NODE_SCRIPTS}/revoke || true; kill $!`,
      );
      expect(output).toMatch(/is in use \(https:\/\/127.0.0.1:2380\), and members would be locked out/);
      expect(refused("peers")).toEqual([]);
    });
  });
});
