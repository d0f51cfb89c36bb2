import { describeAsRoot, freshNodes, NODE_SCRIPTS, NodeRoot } from "./node-root";

jest.setTimeout(60_000);

/** Of three members one is a learner that has never started, and one has the address of another machine of its name. */
const LISTED = `a1, started, lon1, https://[2001:db8::1]:2380, https://[2001:db8::1]:2379, false
b2, started, lon1, https://198.51.100.2:2380, https://198.51.100.2:2379, false
c3, unstarted, , https://198.51.100.3:2380, , true`;
const [A, B, C] = [
  "a1 lon1 https://[2001:db8::1]:2380 https://[2001:db8::1]:2379 false",
  "b2 lon1 https://198.51.100.2:2380 https://198.51.100.2:2379 false",
  "c3 - https://198.51.100.3:2380 - true",
];

/** Client URLs, as they are told today, and as versions before told them. */
const SPACES = "OTHERS='https://198.51.100.2:2379 https://198.51.100.3:2379'\nLEAVING=https://203.0.113.8:2379\n";
const COMMAS = "OTHERS=,https://198.51.100.2:2379,https://198.51.100.3:2379\nLEAVING=,https://203.0.113.8:2379\n";

describeAsRoot("the node scripts' lists", () => {
  const freshNode = freshNodes();
  let node: NodeRoot;

  beforeEach(() => {
    node = freshNode();
    node.scripts("common.sh", "members.sh");
    for (const name of ["leader", "etcdctl"]) node.put(`/etc/etcd/${name}.env`, "");
    node.put("/etc/etcd/declared.env", "MEMBER=lon1\n");
    told(SPACES);
  });

  function told(lists: string): void {
    node.put("/etc/etcd/rollout.env", `PEER_URL=https://[2001:db8::1]:2380\n${lists}`);
  }

  function run(script: string): string {
    const { status, output } = node.run(`. ${NODE_SCRIPTS}/common.sh; . ${NODE_SCRIPTS}/members.sh; ${script}`);
    expect([status, output]).toEqual([0, output]);
    return output;
  }

  it.each([
    ["voters", [A, B]],
    ["learners", [C]],
    ["ever_started", [A, B]],
    ["never_started", [C]],
    ["others", [B, C]],
    ["member_at https://198.51.100.3:2380", [C]],
    ["member_at 'https://[2001:db8::1]:2380'", [A]],
    ["member_with_id b2", [B]],
    ["without_id b2", [A, C]],
    ["members_named lon1", [A, B]],
    ["members_named lon", []],
    ["members_not_named lon1", [C]],
    ["ids", ["a1", "b2", "c3"]],
    ["names", ["lon1", "lon1", "-"]],
    ["clients", ["https://[2001:db8::1]:2379", "https://198.51.100.2:2379", "-"]],
    ["client_of lon1", ["https://[2001:db8::1]:2379"]],
    ["voters | others | ids", ["b2"]],
  ])("of members: %s", (helper, lines) => {
    node.stub("etcdctl", `echo '${LISTED}'`);
    expect(run(`members | ${helper}`)).toBe(lines.join("\n"));
    expect(run(`echo "" | ${helper}`)).toBe("");
  });

  it.each([
    ["as they are told today", SPACES],
    ["as versions before told them, which are still there when a bundle is checked for the first time", COMMAS],
  ])("of URLs reach etcdctl with commas: %s", (_what, lists) => {
    told(lists);
    node.stub("etcdctl", 'echo "$@"');
    expect(run('ctl "$SELF $OTHERS $LEAVING" member list')).toBe(
      "--endpoints=https://127.0.0.1:2379,https://198.51.100.2:2379,https://198.51.100.3:2379,https://203.0.113.8:2379 member list",
    );
    expect(run('for url in $OTHERS; do echo "$url"; done')).toBe(
      "https://198.51.100.2:2379\nhttps://198.51.100.3:2379",
    );
  });
});
