import { describeAsRoot, NODE_SCRIPTS, freshNodes, NodeRoot } from "./node-root";

jest.setTimeout(60_000);

const CUBIC = `${NODE_SCRIPTS}/route-streams cubic`;
const NEAR = "10.0.0.9";
const FAR = "203.0.113.9";
const FARTHER = "198.18.7.9";

/** Two interfaces: one with the default route, and one with a network of its own. */
const NETWORK = `
ip link set lo up
for n in 0 1; do ip link add eth$n type veth peer name wire$n; ip link set eth$n up; ip link set wire$n up; done
ip addr add 198.51.100.1/24 dev eth0
ip addr add 10.0.0.1/24 dev eth1
ip route add default via 198.51.100.254 metric 100
`;

/** The way to an address of what has etcd's port, and the way of everything else. */
const show = (...addresses: string[]): string =>
  addresses
    .map((to) => `ip -4 -o route get fibmatch ${to} ipproto tcp sport 2380; ip -4 -o route get fibmatch ${to};`)
    .join("\n");

const peers = (...addresses: string[]): string => addresses.map((one) => `https://${one}:2380\n`).join("");

describeAsRoot("the ways of streams to peers", () => {
  const freshNode = freshNodes();
  let node: NodeRoot;

  beforeEach(() => {
    node = freshNode();
    node.scripts("route-streams.sh");
    node.put("/etc/etcd/peers", peers(NEAR, FAR));
    node.noteCalls("ip", "add", "replace", "del", "flush");
  });

  /** What is printed, without what stands at the ends of lines. */
  function outcome(...steps: string[]): { readonly status: number | null; readonly lines: string[] } {
    const { status, output } = node.run(`${NETWORK}${steps.join("\n")}`, {
      ETCD_LISTEN_PEER_URLS: "https://0.0.0.0:2380",
    });
    return { status, lines: output.split("\n").map((line) => line.trim()) };
  }

  it("are those of everything else, by cubic, for peers and for nobody else", () => {
    const table = "ip -4 route show table 2380; ip -4 rule show pref 2380 | tr -s '\\t ' ' '";
    expect(outcome(CUBIC, table, show(FAR, FARTHER))).toEqual({
      status: 0,
      lines: [
        `${NEAR} dev eth1 proto kernel scope link src 10.0.0.1 congctl cubic`,
        `${FAR} via 198.51.100.254 dev eth0 congctl cubic`,
        "2380: from all ipproto tcp sport 2380 lookup 2380",
        `${FAR} via 198.51.100.254 dev eth0 table 2380 congctl cubic`,
        "default via 198.51.100.254 dev eth0 metric 100",
        "default via 198.51.100.254 dev eth0 metric 100",
        "default via 198.51.100.254 dev eth0 metric 100",
      ],
    });
  });

  it("follow a network that is joined later, and come back when it is left", () => {
    const vpn = "ip route add 203.0.113.0/24 via 10.0.0.254 dev eth1 mtu 1300";
    const { status, lines } = outcome(CUBIC, vpn, CUBIC, show(FAR), "ip route del 203.0.113.0/24", CUBIC, show(FAR));
    expect([status, lines]).toEqual([
      0,
      [
        `${FAR} via 10.0.0.254 dev eth1 table 2380 mtu 1300 congctl cubic`,
        "203.0.113.0/24 via 10.0.0.254 dev eth1 mtu 1300",
        `${FAR} via 198.51.100.254 dev eth0 table 2380 congctl cubic`,
        "default via 198.51.100.254 dev eth0 metric 100",
      ],
    ]);
  });

  it("follow a rule of others, several gateways, and a default route of another metric", () => {
    node.put("/etc/etcd/peers", peers(FAR, FARTHER));
    const { lines } = outcome(
      CUBIC,
      "ip route add 203.0.113.0/24 via 10.0.0.254 table 52; ip rule add pref 5270 to 203.0.113.0/24 lookup 52",
      "ip route add 198.18.0.0/15 nexthop via 10.0.0.254 weight 1 nexthop via 198.51.100.254 weight 2",
      CUBIC,
      show(FAR, FARTHER),
      "ip rule del pref 5270; ip route del 198.18.0.0/15; ip route del default; ip route add default via 10.0.0.254 metric 500",
      CUBIC,
      show(FAR),
    );
    expect(lines).toEqual([
      `${FAR} via 10.0.0.254 dev eth1 table 2380 congctl cubic`,
      "203.0.113.0/24 via 10.0.0.254 dev eth1 table 52",
      expect.stringMatching(
        /^198\.18\.7\.9 table 2380 congctl cubic \\\s*nexthop via 10\.0\.0\.254 .*nexthop via 198\.51/,
      ),
      expect.stringMatching(/^198\.18\.0\.0\/15 \\\s*nexthop via 10\.0\.0\.254/),
      `${FAR} via 10.0.0.254 dev eth1 table 2380 congctl cubic`,
      "default via 10.0.0.254 dev eth1 metric 500",
    ]);
  });

  it("are put back where others have taken them away", () => {
    const { lines } = outcome(
      CUBIC,
      "ip rule del pref 2380",
      CUBIC,
      show(FAR),
      "ip route flush table 2380",
      CUBIC,
      show(FAR),
    );
    const ours = `${FAR} via 198.51.100.254 dev eth0 table 2380 congctl cubic`;
    const usual = "default via 198.51.100.254 dev eth0 metric 100";
    expect(lines).toEqual([ours, usual, ours, usual]);
  });

  it("are there for peers that are about to join, and gone with those that have left", () => {
    const { lines } = outcome(
      CUBIC,
      `mkdir -p /etc/etcd/staged/etc/etcd; echo https://${FARTHER}:2380 >/etc/etcd/staged/etc/etcd/peers`,
      CUBIC,
      "ip -4 route show table 2380 | cut -d' ' -f1",
      "mv /etc/etcd/staged/etc/etcd/peers /etc/etcd/peers; echo https://of-a-name.example:2380 >>/etc/etcd/peers",
      CUBIC,
      "ip -4 route show table 2380 | cut -d' ' -f1",
    );
    expect(lines).toEqual([NEAR, FARTHER, FAR, FARTHER]);
  });

  it("leave out a peer that there is no way to, and come when there is one", () => {
    const { status, lines } = outcome(
      "ip route add unreachable 203.0.113.0/24",
      CUBIC,
      "ip -4 route show table 2380 | cut -d' ' -f1",
      "ip route del unreachable 203.0.113.0/24",
      CUBIC,
      "ip -4 route show table 2380 | cut -d' ' -f1",
    );
    expect([status, lines]).toEqual([0, [NEAR, NEAR, FAR]]);
  });

  it("take the place of the copy of all routes that was made before", () => {
    const { lines } = outcome(
      "ip rule add pref 2380 ipproto tcp sport 2380 lookup 2380",
      "ip -4 route show table main | while read -r route; do ip -4 route add $route table 2380 congctl cubic; done",
      "ip -4 route add unreachable 192.0.2.0/24 table 2380",
      CUBIC,
      "ip -4 route show table 2380 | cut -d' ' -f1; ip -4 rule show pref 2380 | wc -l",
    );
    expect(lines).toEqual([NEAR, FAR, "1"]);
  });

  it("are left alone where they are as they should be: looking changes nothing", () => {
    outcome(CUBIC, "rm /run/changes", CUBIC);
    expect(node.exists("/run/changes")).toBe(false);
  });

  it("are those of everything else again where nothing is to go by cubic", () => {
    const { status, lines } = outcome(
      CUBIC,
      `${NODE_SCRIPTS}/route-streams default`,
      "ip -4 rule show pref 2380 | wc -l; ip -4 route show table 2380 2>/dev/null | wc -l",
    );
    expect([status, lines]).toEqual([0, ["0", "0"]]);
  });
});
