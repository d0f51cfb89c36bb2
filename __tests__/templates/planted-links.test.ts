import { chownSync, lchownSync, lstatSync, mkdirSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import * as path from "node:path";
import { COLLECTOR_USER, describeAsRoot, ETCD_USER, NODE_SCRIPTS, freshNodes, NodeRoot } from "./node-root";

jest.setTimeout(60_000);

/** What root has, and nobody else may write to. */
const TARGET = "/root/of-root";
const TARGETS = "/root/directory-of-root";

// Directories that belong to another user hold whatever that one has put there.
describeAsRoot("root, in a directory that is another user's,", () => {
  const freshNode = freshNodes();
  let node: NodeRoot;

  beforeEach(() => {
    node = freshNode();
    node.put(TARGET, "as it was");
    node.directoryOf(TARGETS);
    node.stub("systemctl", "exit 1");
    node.stub("sysctl", "exit 0");
  });

  function plant(link: string, target: string, user: number): void {
    symlinkSync(target, node.at(link));
    lchownSync(node.at(link), user, user);
  }

  /** Who has a file, if it is one and no link. */
  function ownerOf(file: string): number | string {
    const status = lstatSync(node.at(file));
    return status.isFile() ? status.uid : "not a file";
  }

  function targetsAreAsTheyWere(): void {
    expect([node.read(TARGET), readdirSync(node.at(TARGETS))]).toEqual(["as it was", []]);
  }

  describe("laying down,", () => {
    beforeEach(() => {
      node.scripts("lay-down.sh", "publish-endpoint.sh", "migrate.sh");
      node.directoryOf("/usr/local/bin");
      node.directoryOf("/run/etcd", 0o755, ETCD_USER);
      mkdirSync(node.at("/etc/etcd/pki.d/one"), { recursive: true });
      symlinkSync("pki.d/one", node.at("/etc/etcd/pki"));
      node.put("/etc/etcd/staged/etc/etcd/declared.env", "MEMBER=etcd-lon1\nVERSION=3.6.14\n");
      node.put("/etc/etcd/staged/etc/etcd/endpoints.env", "ETCD_ENDPOINT=https://198.51.100.1:2379\n");
      // Of timers there are none: systemctl is not asked.
      node.put("/etc/etcd/staged/etc/etcd/timers", "");
      node.stub("systemctl", "exit 0");
    });

    it.each([TARGET, TARGETS, "/root/nothing"])(
      "publishes the endpoint as etcd's own user, with a link to %s in its way",
      (target) => {
        plant("/run/etcd/endpoint.env", target, ETCD_USER);
        expect(node.run(`${NODE_SCRIPTS}/lay-down`)).toMatchObject({ status: 0, output: "" });
        expect(node.read("/run/etcd/endpoint.env")).toBe("ETCD_ENDPOINT=https://198.51.100.1:2379\n");
        expect(ownerOf("/run/etcd/endpoint.env")).toBe(ETCD_USER);
        expect(readdirSync(node.at("/run/etcd"))).toEqual(["endpoint.env"]);
        expect(node.exists("/root/nothing")).toBe(false);
        targetsAreAsTheyWere();
      },
    );

    it("publishes it again where somebody has removed it while etcd runs, and not before etcd has", () => {
      expect(node.run(`${NODE_SCRIPTS}/lay-down`)).toMatchObject({ status: 0, output: "" });
      expect(ownerOf("/run/etcd/endpoint.env")).toBe(ETCD_USER);
      rmSync(node.at("/run/etcd/endpoint.env"));
      mkdirSync(node.at("/etc/etcd/staged"));
      node.put("/etc/etcd/staged/etc/etcd/timers", "");
      node.stub("systemctl", '[ "$1" != is-active ]');
      expect(node.run(`${NODE_SCRIPTS}/lay-down`)).toMatchObject({ status: 0, output: "" });
      expect(readdirSync(node.at("/run/etcd"))).toEqual([]);
    });
  });

  describe("writing metrics,", () => {
    const DIRECTORY = "/var/lib/prometheus/node-exporter";
    const FILE = `${DIRECTORY}/cdktf-etcd.prom`;

    beforeEach(() => {
      node.scripts("metrics.sh");
      node.put("/etc/etcd/rollout.env", "OTHERS=\nLEAVING=\n");
      for (const name of ["leader", "etcdctl"]) node.put(`/etc/etcd/${name}.env`, "");
      node.put("/etc/etcd/declared.env", "MEMBER=etcd-lon1\n");
      node.put("/etc/etcd/etcdctl.env", "ETCDCTL_ENDPOINTS=https://127.0.0.1:2379\n");
      node.put("/etc/etcd/upkeep.env", "CLUSTER=etcd\n");
      node.put("/etc/etcd/backup.env", "STORED=no\n");
      node.stub("etcdctl", "exit 1");
      node.stub("openssl", "exit 0");
      node.directoryOf(DIRECTORY, 0o755, COLLECTOR_USER);
      chownSync(path.dirname(node.at(DIRECTORY)), COLLECTOR_USER, COLLECTOR_USER);
    });

    it.each([TARGET, TARGETS])("takes the place of a link to %s", (target) => {
      plant(FILE, target, COLLECTOR_USER);
      expect(node.run(`umask 077; ${NODE_SCRIPTS}/metrics`)).toMatchObject({ status: 0, output: "" });
      expect(node.read(FILE)).toMatch(/^cdktf_etcd_rollout_unfinished\{cluster="etcd",member="etcd-lon1"\} 0$/m);
      expect([ownerOf(FILE), lstatSync(node.at(FILE)).mode & 0o777]).toEqual([0, 0o644]);
      expect(readdirSync(node.at(DIRECTORY))).toEqual(["cdktf-etcd.prom"]);
      targetsAreAsTheyWere();
    });

    it("writes nothing into a file that lies where it makes its own", () => {
      plant(`${DIRECTORY}/.planted`, TARGET, COLLECTOR_USER);
      // As if that one had been guessed.
      node.stub("mktemp", `echo ${DIRECTORY}/.planted`);
      expect(node.run(`${NODE_SCRIPTS}/metrics`).status).not.toBe(0);
      targetsAreAsTheyWere();
    });
  });
});
