import { describeAsRoot, freshNodes, NodeRoot, NODE_SCRIPTS } from "./node-root";

jest.setTimeout(60_000);

const PORT = 2379;
/** Listens on etcd's port, and opens a connection to it that stays; prints what cut_sessions says, and what is left then. */
const CUT = `
ip link set lo up
openssl s_server -quiet -accept ${PORT} -nocert >/dev/null 2>&1 &
server=$!
trap 'kill $server $client' EXIT
until ss -tlnH "sport = :${PORT}" | grep -q .; do sleep 0.05; done
bash -c 'exec 3<>/dev/tcp/127.0.0.1/${PORT}; sleep 50' >/dev/null 2>&1 &
client=$!
MEMBER=etcd-1 STARTED=/run/started
say() { echo "$MEMBER: $*"; }
. ${NODE_SCRIPTS}/sessions.sh
until [ -n "$(connections ${PORT})" ]; do sleep 0.05; done
cut_sessions ${PORT}
echo "left: $(connections ${PORT} | wc -l)"`;

describeAsRoot("sessions", () => {
  const freshNode = freshNodes();
  let node: NodeRoot;

  beforeEach(() => {
    node = freshNode();
    node.scripts("sessions.sh");
    node.put("/run/started", "what etcd was started with");
    node.put(`${NODE_SCRIPTS}/restart`, `#!/bin/sh\n[ -e /run/started ] || echo restarted\n`, 0o755);
  });

  it("end, at both ends, by the kernel", () => {
    // Each end is a socket of this machine's here.
    expect(node.run(CUT).stdout).toBe(`etcd-1: cut 2 connections to port ${PORT}\nleft: 0\n`);
    expect(node.exists("/run/started")).toBe(true);
  });

  it("end by a restart of etcd where the kernel can't", () => {
    node.stub("ss", 'case "$*" in *-K*) exit 0 ;; esac\nexec /usr/bin/ss "$@"');
    const { stdout } = node.run(CUT);
    expect(stdout).toMatch(/^etcd-1: this kernel can't cut connections .*restarts etcd instead.*\nrestarted\n/);
  });
});
