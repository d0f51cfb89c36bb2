import { describeAsRoot, ETCD_USER, freshNodes, NODE_SCRIPTS, NodeRoot } from "./node-root";

jest.setTimeout(60_000);

/** A machine whose way to the metadata service leads over its only interface. */
const NETWORK = `
ip link set lo up
ip link add eth0 type veth peer name wire0
ip link set eth0 up
ip link set wire0 up
ip addr add 198.51.100.1/24 dev eth0
ip route add default via 198.51.100.254
`;
const CLOSE = `${NODE_SCRIPTS}/close-metadata`;
const RULES = "ip -4 rule show pref 169 | tr -s '\\t ' ' '";
const PROHIBITED = "169: from all to 169.254.169.254 uidrange 1-4294967294 prohibit";
/** Of DigitalOcean's agent. */
const AGENT = 889;

/** Who has a way to the service and who has none, as the kernel says. */
const asked = (...users: number[]): string =>
  users
    .map(
      (user) =>
        `setpriv --reuid=${user} --clear-groups ip -4 -o route get 169.254.169.254 >/dev/null 2>&1 && echo ${user} may || echo ${user} may not`,
    )
    .join("\n");

describeAsRoot("the metadata service", () => {
  const freshNode = freshNodes();
  let node: NodeRoot;

  beforeEach(() => {
    node = freshNode();
    node.scripts("close-metadata.sh");
    node.noteCalls("ip", "rule add", "rule del");
  });

  function outcome(readers: string | undefined, ...steps: string[]): readonly string[] {
    const env = { METADATA: readers === undefined ? "open" : "closed", METADATA_READERS: readers ?? "" };
    const { status, output } = node.run(`${NETWORK}${steps.join("\n")}`, env);
    expect([status, output]).toEqual([0, expect.any(String)]);
    return output.split("\n").map((line) => line.trim());
  }

  it("is left to root alone, where nobody else is named or exists", () => {
    const closed = ["0 may", `${ETCD_USER} may not`, "1000 may not", PROHIBITED];
    expect(outcome("", CLOSE, asked(0, ETCD_USER, 1000), RULES)).toEqual(closed);
    expect(outcome("do-agent", CLOSE, asked(0, ETCD_USER, 1000), RULES)).toEqual(closed);
  });

  it("is left to the users that are named, too, once they exist", () => {
    const come = `echo do-agent:x:${AGENT}:${AGENT}::/:/bin/false >>/etc/passwd`;
    expect(outcome("do-agent", CLOSE, come, CLOSE, asked(0, AGENT, ETCD_USER), RULES)).toEqual([
      "0 may",
      `${AGENT} may`,
      `${ETCD_USER} may not`,
      `169: from all to 169.254.169.254 uidrange ${AGENT}-${AGENT} lookup main`,
      PROHIBITED,
    ]);
  });

  it("is closed anew where others have opened it, and touched no more where all is well", () => {
    const again = `rm -f /run/changes; ${CLOSE}; cat /run/changes 2>/dev/null || echo nothing`;
    expect(outcome("", CLOSE, again, "ip -4 rule del pref 169", CLOSE, RULES)).toEqual(["nothing", PROHIBITED]);
  });

  it("is open again, or left as it was, on machines whose host does not say who reads it", () => {
    expect(outcome(undefined, CLOSE, asked(ETCD_USER), "echo; cat /run/changes 2>/dev/null || echo nothing")).toEqual([
      `${ETCD_USER} may`,
      "",
      "nothing",
    ]);
    const close = `METADATA=closed ${CLOSE}`;
    expect(outcome(undefined, close, asked(ETCD_USER), CLOSE, asked(ETCD_USER))).toEqual([
      `${ETCD_USER} may not`,
      `${ETCD_USER} may`,
    ]);
  });

  it("is none of the rules that networkd takes away: they are the kernel's, by what they say", () => {
    expect(outcome("", CLOSE, "ip -4 -details rule show pref 169").join(" ")).toMatch(/prohibit proto kernel$/);
  });
});
