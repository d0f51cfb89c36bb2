import { describeAsRoot, NODE_SCRIPTS, freshNodes, NodeRoot } from "./node-root";

jest.setTimeout(60_000);

/** Three voters and their ids in etcd; the first one is this machine's, the third one gives it no answer. */
const VOTERS = ["a1", "b2", "c3"].map(
  (id, index) =>
    `${id} etcd-${index + 1} https://198.51.100.${index + 1}:2380 https://198.51.100.${index + 1}:2379 false`,
);
const SUSPECT = VOTERS[2];

/** The clock is a file, that only waiting moves on. */
const CLOCK = { date: "cat /run/clock", sleep: "echo $(($(cat /run/clock) + $1)) >/run/clock" };

/** /metrics of a voter is what /run/ID says of the third one at that time; without such a file the voter gives no answer. */
const CURL = `
now=$(cat /run/clock)
case "$*" in
*198.51.100.3*) [ "$now" -ge "$(cat /run/back)" ] || exit 28 ;;
*198.51.100.1*) . /run/a1 ;;
*198.51.100.2*) [ -e /run/b2 ] || exit 28; . /run/b2 ;;
esac`;

/** As etcd tells it, with its streams to the third voter connected or not, and probers that have looked so often. */
const tells = (connected: 0 | 1, probes: string): string => `
echo 'etcd_network_active_peers{Local="x",Remote="c3"} ${connected}'
echo 'etcd_network_peer_round_trip_time_seconds_count{To="c3"} '$((${probes}))`;

/** While there is an answer two probers look every 30 s; while there is none, one of them every 5 s. */
const ANSWERED = "2 + 2 * (now / 30)";
const UNANSWERED = "2 + now / 30 + now / 5";
const NEVER = "1000";

describeAsRoot("a voter that gives no answer here", () => {
  const freshNode = freshNodes();
  let node: NodeRoot;

  beforeEach(() => {
    node = freshNode();
    node.scripts("common.sh", "members.sh", "liveness.sh");
    node.put("/etc/etcd/leader.env", "");
    node.put("/etc/etcd/rollout.env", "PEER_URL=https://198.51.100.1:2380\nOTHERS=\nLEAVING=\nSILENCE_SECONDS=5\n");
    node.put("/etc/etcd/etcdctl.env", "ETCDCTL_CACERT=/ca\nETCDCTL_CERT=/certificate\nETCDCTL_KEY=/key\n");
    node.put("/etc/etcd/declared.env", "DIAL_SECONDS=4\n");
    node.put("/run/clock", "100");
    for (const [name, script] of Object.entries({ ...CLOCK, curl: CURL })) node.stub(name, script);
  });

  it.each([
    [
      "dead after a fail-over where its connections are refused",
      tells(0, ANSWERED),
      tells(0, ANSWERED),
      NEVER,
      "dead",
      [5, 8],
    ],
    ["dead by the probers where it fell silent", tells(1, UNANSWERED), tells(1, UNANSWERED), NEVER, "dead", [21, 24]],
    ["heard where all others hear it", tells(1, ANSWERED), tells(1, ANSWERED), NEVER, "heard", [21, 24]],
    ["heard where one other hears it", tells(0, ANSWERED), tells(1, ANSWERED), NEVER, "heard", [21, 24]],
    ["unknown where too few tell", tells(0, ANSWERED), undefined, NEVER, "unknown", [21, 24]],
    ["no matter once it answers", tells(1, UNANSWERED), tells(1, UNANSWERED), "112", "", [12, 15]],
  ] as const)("is %s", (_what, first, second, back, verdict, [least, most]) => {
    node.put("/run/a1", first);
    if (second !== undefined) node.put("/run/b2", second);
    node.put("/run/back", back);
    const list = VOTERS.map((line) => `'${line}'`).join(" ");
    const { status, output } = node.run(
      `for library in common members liveness; do . ${NODE_SCRIPTS}/$library.sh; done; verdicts "$(printf '%s\\n' ${list})"`,
    );
    // The second one gives this machine no answer either, if it doesn't tell. They are asked side by side, and told in any order.
    const suspects = second === undefined ? [VOTERS[1], SUSPECT] : verdict === "" ? [] : [SUSPECT];
    expect([
      status,
      output
        .split("\n")
        .filter((line) => line !== "")
        .sort(),
    ]).toEqual([0, suspects.map((line) => `${verdict} ${line}`)]);
    const took = Number(node.read("/run/clock")) - 100;
    expect(took).toBeGreaterThanOrEqual(least);
    expect(took).toBeLessThanOrEqual(most);
  });

  it("is dead for all in the time that a join waits, though a probe was under way when it fell silent", () => {
    // That member hears of it only when TCP gives the connection up.
    node.put("/run/a1", tells(1, UNANSWERED));
    node.put("/run/b2", `if [ "$now" -lt 265 ]; then ${tells(1, ANSWERED)}; else ${tells(0, ANSWERED)}; fi`);
    node.put("/run/back", NEVER);
    const list = VOTERS.map((line) => `'${line}'`).join(" ");
    const { status, output } = node.run(
      `for library in common members liveness; do . ${NODE_SCRIPTS}/$library.sh; done; list=$(printf '%s\n' ${list}); ` +
        'until verdicts "$list" | grep "^dead "; do sleep 2; done; echo "$KNOWN_TO_ALL_SECONDS"',
    );
    const [line, known] = output.split("\n");
    expect([status, line]).toEqual([0, `dead ${SUSPECT}`]);
    const took = Number(node.read("/run/clock")) - 100;
    expect(took).toBeGreaterThan(165);
    expect(took).toBeLessThan(Number(known));
  });
});
