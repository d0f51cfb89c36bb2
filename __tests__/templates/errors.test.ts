import { mkdirSync } from "node:fs";
import { plain, render, templateNames } from "./render";
import { describeAsRoot, NODE_SCRIPTS, freshNodes, NodeRoot } from "./node-root";
import { SAMPLES, stageOf } from "./samples";

jest.setTimeout(60_000);

/** A member's etcd, as far as a backup asks it: a small database, no alarm, and a snapshot that is whole. */
const ETCDCTL = `
for last; do :; done
case "$*" in
*"endpoint status"*) printf '"DBSize" : 20480\\n"ClusterID" : 1\\n' ;;
*"snapshot save"*) { printf data; printf data | openssl dgst -sha256 -binary; } >"$last" ;;
esac`;

/** A cluster of three in which those commit writes that a file names, by their addresses. */
const CLUSTER = `
case "$*" in
*"member list"*)
  for n in 1 2 3; do echo "$n, started, etcd-$n, https://198.51.100.$n:2380, https://198.51.100.$n:2379, false"; done ;;
*"endpoint health"*) for url in $(cat /run/well); do case "$*" in *"$url"*) echo "$url is healthy: yes" ;; esac; done ;;
*"endpoint status"*) printf '"MemberID" : 1\\n"Leader" : 1\\n' ;;
esac`;

/** A storage that refuses everything, with the words of a file. */
const RCLONE = `
[ "$1" != obscure ] || exit 0
echo "2026/11/22 18:00:00 Failed to lsf: $(cat /run/words)" >&2
exit 1`;

// Errors blame the side that is wrong, and say the one thing to do.
describeAsRoot("an error", () => {
  const freshNode = freshNodes();
  let node: NodeRoot;

  beforeEach(() => {
    node = freshNode();
  });

  /** Lays down the variables of a member, etcd-1 of three, and the scripts. */
  function member(...scripts: string[]): void {
    node.scripts(...scripts);
    const variables = {
      rollout: `PEER_URL=https://198.51.100.1:2380
OTHERS='https://198.51.100.2:2379 https://198.51.100.3:2379'
OTHER_PEER_URLS=
LEAVING=
DECLARED='etcd-1=https://198.51.100.1:2379 etcd-2=https://198.51.100.2:2379 etcd-3=https://198.51.100.3:2379'
DIAL_SECONDS=1
HEALTH_BUDGET_SECONDS=0
SILENCE_SECONDS=0`,
      declared: "MEMBER=etcd-1\nADOPTED_CLIENT_URLS=",
      leader: "LEADER_ORDER='etcd-1 etcd-2 etcd-3'",
      etcdctl:
        "ETCDCTL_ENDPOINTS=https://127.0.0.1:2379\nETCDCTL_CACERT=/ca\nETCDCTL_CERT=/certificate\nETCDCTL_KEY=/key",
      upkeep: "CLUSTER=etcd",
      backup: "STORED=yes\nKEEP_LOCAL=2\nINTERVAL_SECONDS=0\nOVERDUE_SECONDS=0",
    };
    for (const [name, text] of Object.entries(variables)) node.put(`/etc/etcd/${name}.env`, `${text}\n`);
    for (const name of ["rclone.conf", "backup.passphrase", "pki/peer-ca.crt"]) node.put(`/etc/etcd/${name}`, "");
    for (const place of ["cdktf-etcd", "cdktf-etcd-node"]) node.put(`/var/lib/${place}/born`, "");
    node.stub("systemctl", "exit 0");
  }

  /** Has only these of the members commit writes. */
  function well(...members: number[]): void {
    node.stub("etcdctl", CLUSTER);
    node.put("/run/well", members.map((one) => `https://198.51.100.${one}:2379\n`).join(""));
  }

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
    expect(lastWords(`echo https://mirror.example/etcd.tar.gz | ${NODE_SCRIPTS}/get-etcd 3.6.14 0000`)).toContain(
      `error: can't download etcd 3.6.14 from https://mirror.example/etcd.tar.gz (curl exit code ${code}); nothing was installed. ${words}`,
    );
  });

  it("of a download do not show the password in its URL, nor do anybody's arguments", () => {
    node.scripts("get-etcd.sh");
    node.stub("curl", `printf '%s\\n' "$@" >/run/arguments; cat >/run/settings; exit 22`);
    node.directoryOf("/opt");
    const url = `https://user:p"a\\ss$(id)@mirror.example/etcd.tar.gz`;
    const { output } = node.run(`printf '%s\\n' '${url}' | ${NODE_SCRIPTS}/get-etcd 3.6.14 0000`);
    expect(output).toContain("can't download etcd 3.6.14 from https://mirror.example/etcd.tar.gz (curl exit code 22)");
    for (const text of [output, node.read("/run/arguments")]) expect(text).not.toMatch(/user|ss\$/);
    expect(node.read("/run/settings")).toBe(`url = "https://user:p\\"a\\\\ss$(id)@mirror.example/etcd.tar.gz"\n`);
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
    ["tls: failed to verify certificate: x509: unknown authority", "Have the storage show a certificate that"],
    ["something else", "Check endpoint, bucket and keys of backup.storage, and outbound 443"],
  ])("of a storage that says '%s' says what is wrong with it", (words, todo) => {
    member("backup.sh");
    node.stub("etcdctl", ETCDCTL);
    node.stub("etcdutl", `echo '{"revision":7}'`);
    node.stub("rclone", RCLONE);
    node.put("/run/words", words);
    expect(lastWords(`${NODE_SCRIPTS}/backup now`)).toMatch(
      new RegExp(
        `^error: etcd-1: the backup etcd-\\S+-7\\.db is on this machine, but not in the storage: .*${words}\\. `,
      ),
    );
    expect(lastWords(`${NODE_SCRIPTS}/backup now`)).toContain(`${words}. ${todo}`);
  });

  it("of a backup that waits for a defragmentation blames that, and not etcd", () => {
    member("backup.sh");
    node.stub("etcdctl", ETCDCTL);
    node.stub("flock", '[ "$1" != -w ] || exit 1\nexec /usr/bin/flock "$@"');
    expect(lastWords(`${NODE_SCRIPTS}/backup now`)).toBe(
      "error: etcd-1: no backup was taken: this member has been out of service for a defragmentation for 15 minutes. " +
        "Wait until that has ended (journalctl -u etcd-defragment on the members), then: /usr/local/lib/cdktf-etcd/backup now",
    );
  });

  it.each([
    [[1, 2, 3], "Look at journalctl -u etcd-backup on etcd-3, whose turn it is, then: "],
    [[], "No member commits writes: bring them back to health (etcdctl endpoint health --cluster), then: "],
  ])("of a backup that is overdue while %j are well says where to look", (members, words) => {
    member("backup.sh");
    well(...members);
    node.stub("rclone", "exit 0");
    expect(lastWords(`${NODE_SCRIPTS}/backup`)).toContain(
      `error: etcd-1: a backup is overdue: the newest is none at all. ${words}`,
    );
  });

  it("of a restart that is not done names who stands against it", () => {
    member("restart.sh");
    well(1, 2);
    const said = lastWords(`${NODE_SCRIPTS}/restart`);
    expect(said).toContain("quorum without it: etcd-3 can not be reached, or commits no writes. Mend them first");
  });

  it.each([
    [[1, 2], false],
    [[2, 3], true],
  ])(
    "of members that do not get healthy while %j are shows etcd's words only where they are of one of those",
    (members, shown) => {
      member("converge.sh");
      well(...members);
      node.stub("journalctl", `echo '{"level":"error","msg":"disk is slow"}'`);
      const { status, output } = node.run(`${NODE_SCRIPTS}/converge`);
      const missing = [1, 2, 3].filter((one) => !members.includes(one)).map((one) => `etcd-${one}`);
      expect([status, output]).toEqual([
        1,
        expect.stringContaining(`not healthy after 0 s: ${missing.join(" ")}. Look`),
      ]);
      expect(output.includes("etcd: disk is slow")).toBe(shown);
    },
  );

  it.each([
    ["3.5", "3.7.3", "3.6 3.7", "Go one minor version at a time: deploy the one after 3.5 first"],
    ["3.7", "3.6.14", "3.5 3.6", "Go down one minor version at a time, and first have the cluster prepare for that"],
  ])("of a cluster of version %s that is to have %s says which way to go", (running, version, from, words) => {
    member("check-version.sh");
    node.stub("curl", `echo '{"etcdserver":"${running}.9","etcdcluster":"${running}.0"}'`);
    node.put("/new.env", `VERSION=${version}\nENTERS_FROM='${from}'\nLEAST_PREDECESSOR=\nLOG_READABLE_SINCE=\n`);
    expect(lastWords(`${NODE_SCRIPTS}/check-version /new.env https://198.51.100.2:2379`)).toContain(words);
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

describe("every error of the node scripts", () => {
  /** What is said by `fail`, up to the end of its line. */
  const errors = templateNames()
    .filter((name) => /\.sh(\.tftpl|\.part)?$/.test(name))
    .flatMap((name) =>
      [
        ...plain(name)
          .replace(/" \\\n\s*"/g, " ")
          .matchAll(/\bfail "([^\n]*)/g),
      ].map(([, text]) => [name, text] as const),
    );
  /** In whatever mood: "deploy again", "choose another", or by what the storage says. */
  const todo =
    /\b(bring|check|choose|count|deploy|end|go|keep|let|look|make|mend|move|name|put|raise|run|see|take|wait)\b|because\)|adopt accepts|none at all/i;

  it("are many", () => {
    expect(errors.length).toBeGreaterThan(50);
  });

  it.each(errors)("in %s says what to do: %s", (_name, text) => {
    expect(text.replace(/settings\.\w+|docs\/\S+/g, "")).toMatch(todo);
  });
});
