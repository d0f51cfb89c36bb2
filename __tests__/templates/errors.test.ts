import { mkdirSync } from "node:fs";
import * as path from "node:path";
import { render, scratchDirectory } from "./render";
import { describeAsRoot, NODE_SCRIPTS, NodeRoot } from "./node-root";
import { SAMPLES, stageOf } from "./samples";

jest.setTimeout(60_000);

/** A member's etcd, as far as a backup asks it: a small database, no alarm, and a snapshot that is whole. */
const ETCDCTL = `
for last; do :; done
case "$*" in
*"endpoint status"*) printf '"DBSize" : 20480\\n"ClusterID" : 1\\n' ;;
*"snapshot save"*) { printf data; printf data | openssl dgst -sha256 -binary; } >"$last" ;;
esac`;

/** A storage that refuses everything, with the words of a file. */
const RCLONE = `
[ "$1" != obscure ] || exit 0
echo "2026/11/22 18:00:00 Failed to lsf: $(cat /run/words)" >&2
exit 1`;

// Errors blame the side that is wrong, and say the one thing to do.
describeAsRoot("an error", () => {
  const scratch = scratchDirectory();
  let count = 0;
  let node: NodeRoot;

  beforeEach(() => {
    node = new NodeRoot(path.join(scratch, String((count += 1))));
  });

  /** What a command says last; it has to fail. */
  function lastWords(command: string): string | undefined {
    const { status, output } = node.run(command);
    expect(status).not.toBe(0);
    return output.split("\n").at(-1);
  }

  it.each([
    [22, "That server has no such file, or does not give it away: mend 'download'"],
    [6, "Its name is not known here: let this machine reach a name server"],
    [28, "Let this machine reach that server (outbound 443)"],
    [60, "Its certificate is not one that this machine trusts: mend that server"],
  ])("of a download that ends with curl's %i says whose", (code, words) => {
    node.scripts("get-etcd.sh");
    node.stub("curl", `exit ${code}`);
    node.directoryOf("/opt");
    expect(lastWords(`${NODE_SCRIPTS}/get-etcd 3.6.14 0000 https://mirror.example/etcd.tar.gz`)).toContain(
      `error: can't download etcd 3.6.14 from https://mirror.example/etcd.tar.gz (curl exit code ${code}); nothing was installed. ${words}`,
    );
  });

  it.each([
    [
      "api error SignatureDoesNotMatch: The signature differs",
      "Mend accessKeyId and secretAccessKey of backup.storage",
    ],
    ["api error InvalidAccessKeyId: The key is not known", "Mend accessKeyId and secretAccessKey of backup.storage"],
    ["AccessDenied: Access Denied", "Let the key of backup.storage list, read, write and delete below its prefix"],
    ["NoSuchBucket: there is none", "Make that bucket, or mend backup.storage.bucket"],
    ["dial tcp: lookup ams3.example: no such host", "Let this machine reach the storage (outbound 53 and 443)"],
    ["something else", "Check endpoint, bucket and keys of backup.storage, and outbound 443"],
  ])("of a storage that says '%s' says what is wrong with it", (words, todo) => {
    node.scripts("backup.sh", "backups.sh", "common.sh", "coordinator.sh");
    for (const name of ["rollout", "leader", "etcdctl"]) node.put(`/etc/etcd/${name}.env`, "");
    node.put("/etc/etcd/etcdctl.env", "ETCDCTL_ENDPOINTS=https://127.0.0.1:2379\n");
    node.put("/etc/etcd/rollout.env", "OTHERS=\n");
    node.put("/etc/etcd/declared.env", "MEMBER=etcd-lon1\n");
    node.put("/etc/etcd/upkeep.env", "CLUSTER=etcd\n");
    node.put("/etc/etcd/backup.env", "STORED=yes\nKEEP_LOCAL=2\n");
    for (const name of ["rclone.conf", "backup.passphrase", "pki/peer-ca.crt"]) node.put(`/etc/etcd/${name}`, "");
    for (const place of ["cdktf-etcd", "cdktf-etcd-node"]) node.put(`/var/lib/${place}/born`, "");
    node.stub("etcdctl", ETCDCTL);
    node.stub("etcdutl", `echo '{"revision":7}'`);
    node.stub("rclone", RCLONE);
    node.put("/run/words", words);
    expect(lastWords(`${NODE_SCRIPTS}/backup now`)).toMatch(
      new RegExp(
        `^error: etcd-lon1: the backup etcd-\\S+-7\\.db is on this machine, but not in the storage: .*${words}\\. `,
      ),
    );
    expect(lastWords(`${NODE_SCRIPTS}/backup now`)).toContain(`${words}. ${todo}`);
  });

  describe("of a certificate that is not valid yet", () => {
    const { stage } = stageOf(SAMPLES[0], { unit: "", env: "" });
    const { script } = render({
      script: { ...stage, variables: { ...stage.variables, valid_from: "2999-01-01T00:00:00Z" } },
    });

    it.each([
      [
        "Normal",
        /^error: etcd-lon1: the clock of the machine that deploys is \d+ s fast, .* Set that clock, then deploy again in \d+ s$/,
      ],
      [
        "Not synchronised",
        /^error: etcd-lon1: its clock is \d+ s slow, and follows no time server: .* Let chrony reach one \(udp 123\), then deploy again$/,
      ],
    ])("says whose clock is wrong, by whether this one's leap status is %s", (leap, words) => {
      node.stub("chronyc", `echo 'Leap status     : ${leap}'`);
      node.put("/run/cloud-init/result.json", "");
      mkdirSync(node.at("/tmp"), { recursive: true });
      node.put("/tmp/stage.sh", script);
      expect(lastWords("sh /tmp/stage.sh")).toMatch(words);
    });
  });
});
