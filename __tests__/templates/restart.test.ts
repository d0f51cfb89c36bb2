import { mkdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { RelocatedNode } from "./relocated-node";
import { describeOnLinux, scratchDirectory } from "./render";

/** How a member answers at its port for clients: it commits writes, refuses this one's certificate as expired, or not at all. */
type AsClient = "well" | "refuses" | "closed";
/** How it answers at its port for peers. */
type AsPeer = "accepts" | "refuses" | "closed";

interface World {
  /** This member, etcd-nyc3. */
  readonly self: readonly [AsClient, AsPeer];
  readonly lon1: readonly [AsClient, AsPeer];
  readonly sgp1: readonly [AsClient, AsPeer];
  /** Whether systemd calls etcd active: it has been ready once. */
  readonly active?: boolean;
  /** Whether there is no process: it has crashed, and systemd has not started it again yet. */
  readonly down?: boolean;
  /** Whether there is a process that was started with what is laid down, and is not ready yet. */
  readonly starting?: boolean;
  /** How this member and London are once this one has restarted. */
  readonly then?: { readonly self?: readonly [AsClient, AsPeer]; readonly lon1?: readonly [AsClient, AsPeer] };
  /** Whether etcd comes up when it is restarted. */
  readonly comesUp?: boolean;
}

const ADDRESS = { self: "127.0.0.1", lon1: "198.51.100.1", sgp1: "198.51.100.3" };
const OWN = "198.51.100.2";
const url = (address: string, port: number): string => `https://${address}:${port}`;

jest.setTimeout(60_000);

const scratch = scratchDirectory();
let roots = 0;

/** Runs restart.sh in that world: what it said, and how it had etcd restarted. */
function restart(world: World): { status: number | null; output: string; restarts: string[] } {
  const directory = path.join(scratch, String(roots++));
  mkdirSync(directory);
  const root = new RelocatedNode(directory);
  const at = (who: keyof typeof ADDRESS, [client, peer]: readonly [AsClient, AsPeer]): Record<string, string> => ({
    [`world/${ADDRESS[who]}:2379`]: client,
    [`world/${ADDRESS[who]}:2380`]: peer,
  });
  const write = (files: Record<string, string>): void => {
    for (const [file, text] of Object.entries(files)) root.write(file, text);
  };
  write({ ...at("self", world.self), ...at("lon1", world.lon1), ...at("sgp1", world.sgp1) });
  if (world.active !== false) root.write("world/active", "");
  const members = [OWN, ADDRESS.lon1, ADDRESS.sgp1].map(
    (address, index) =>
      `${index + 1}a, started, etcd-${["nyc3", "lon1", "sgp1"][index]}, ${url(address, 2380)}, ${url(address, 2379)}, false\n`,
  );
  write({
    // More than Linux has.
    "world/pid": world.down === true ? "0" : "999999998",
    "world/members": members.join(""),
    "world/restarts": "",
    "run/cdktf-etcd/started.sha256": "before\n",
    ...(world.starting === true ? { "run/cdktf-etcd/starting.sha256": "now\n" } : {}),
    "etc/etcd/restart.sha256": "now\n",
  });
  const after = Object.entries({
    ...(world.then?.self && at("self", world.then.self)),
    ...(world.then?.lon1 && at("lon1", world.then.lon1)),
  });
  write({
    "world/on-restart": [
      ...after.map(([file, state]) => `printf ${state} >'${root.path(file)}'`),
      world.comesUp === false ? "" : `: >'${root.path("world/up")}'`,
    ].join("\n"),
  });

  root.variables("etc/etcd/rollout.env", {
    PEER_URL: url(OWN, 2380),
    OTHERS: `${url(ADDRESS.lon1, 2379)} ${url(ADDRESS.sgp1, 2379)}`,
    OTHER_PEER_URLS: `${url(ADDRESS.lon1, 2380)} ${url(ADDRESS.sgp1, 2380)}`,
    LEAVING: "",
    DIAL_SECONDS: 1,
    HEALTH_BUDGET_SECONDS: 1,
  });
  root.variables("etc/etcd/declared.env", { MEMBER: "etcd-nyc3" });
  root.variables("etc/etcd/leader.env", { LEADER_ORDER: "etcd-lon1 etcd-nyc3 etcd-sgp1", HANDOVER_PAUSE_SECONDS: 0 });
  root.variables("etc/etcd/etcdctl.env", {
    ETCDCTL_CACERT: "/etc/etcd/pki/client-ca.crt",
    ETCDCTL_CERT: "/etc/etcd/admin/admin.crt",
    ETCDCTL_KEY: "/etc/etcd/admin/admin.key",
  });
  root.replace("retire-predecessor", "exit 0");
  const states = root.path("world");
  root.play(
    "etcdctl",
    `endpoints=$(echo "\${1#--endpoints=}" | tr ',' ' ')
shift
for one in $endpoints; do
  state=$(cat "${states}/\${one#https://}")
  case "$*" in
  "endpoint health") if [ "$state" = well ]; then echo "$one is healthy: it commits"; else echo "$one is unhealthy" >&2; fi ;;
  "member list") if [ "$state" = well ]; then exec cat "${states}/members"; fi ;;
  esac
done
[ "$*" = "endpoint health" ]
`,
  );
  root.play(
    "openssl",
    `[ "$1" = s_client ] || exit 0
while [ "$1" != -connect ]; do shift; done
case $(cat "${states}/$2") in
refuses) echo "error:0A000415:SSL routines::alert certificate expired:SSL alert number 45"; exit 1 ;;
closed) echo "connect:errno=111"; exit 1 ;;
esac
`,
  );
  root.play(
    "curl",
    `for last in "$@"; do :; done
case $last in
*:2381/metrics) [ -e "${states}/up" ] ;;
*) one=\${last#https://}; [ "$(cat "${states}/\${one%/version}")" = accepts ] ;;
esac
`,
  );
  root.play(
    "systemctl",
    `case "$*" in
"is-active --quiet etcd") [ -e "${states}/active" ] ;;
"show -P MainPID etcd") cat "${states}/pid" ;;
restart* | start*) echo "$*" >>"${states}/restarts"; echo 999999999 >"${states}/pid"; sh "${states}/on-restart" ;;
esac
`,
  );
  root.play("journalctl", "exit 0\n");
  const { status, output } = root.run("restart");
  return { status, output, restarts: readFileSync(root.path("world/restarts"), "utf8").split("\n").filter(Boolean) };
}

const WELL = ["well", "accepts"] as const;
/** Runs with authorities that have both run out. */
const OLD = ["refuses", "refuses"] as const;
/** Has restarted with the new ones, and waits for a quorum. */
const NEW = ["closed", "accepts"] as const;
const DEAD = ["closed", "closed"] as const;
/** Its clients' authority alone has run out, or its peers'. */
const OLD_FOR_CLIENTS = ["refuses", "accepts"] as const;
const OLD_FOR_PEERS = ["well", "refuses"] as const;

const RESTARTED = { status: 0, output: expect.stringContaining("etcd-nyc3: in service") as unknown };
const NOT_RESTARTED = {
  status: 1,
  restarts: [],
  output: expect.stringMatching(
    /^error: etcd-nyc3: not restarted: within 1 s the other members never were/m,
  ) as unknown,
};

describeOnLinux("the restart of a member", () => {
  it("waits for the others where nothing has run out, and does not happen without them", () => {
    expect(restart({ self: WELL, lon1: WELL, sgp1: WELL })).toMatchObject({ ...RESTARTED, restarts: ["restart etcd"] });
    expect(restart({ self: WELL, lon1: WELL, sgp1: DEAD })).toMatchObject(NOT_RESTARTED);
    expect(restart({ self: ["closed", "accepts"], lon1: DEAD, sgp1: DEAD })).toMatchObject(NOT_RESTARTED);
  });

  it("waits for nobody where its own authority has run out and nobody commits", () => {
    const { output, ...rest } = restart({
      self: OLD_FOR_CLIENTS,
      lon1: OLD_FOR_CLIENTS,
      sgp1: OLD_FOR_CLIENTS,
      then: { self: WELL },
    });
    expect(rest).toEqual({ status: 0, restarts: ["restart etcd"] });
    expect(output).toMatch(/not waiting for the other members: an authority that its etcd runs with has run out/);
    expect(output).toContain("etcd-nyc3: in service");
  });

  it("waits where others alone run with an authority that has run out, while nobody commits", () => {
    expect(restart({ self: NEW, lon1: OLD, sgp1: OLD })).toMatchObject(NOT_RESTARTED);
  });

  it.each<[string, World, object]>([
    [
      "those that do not are kept from it by the clients' authority",
      { self: OLD_FOR_CLIENTS, lon1: WELL, sgp1: OLD_FOR_CLIENTS, then: { self: WELL } },
      RESTARTED,
    ],
    [
      "one of the others is dead",
      { self: OLD_FOR_CLIENTS, lon1: WELL, sgp1: DEAD, then: { self: WELL } },
      NOT_RESTARTED,
    ],
    [
      "one of the others is not well for another reason",
      { self: OLD_FOR_CLIENTS, lon1: WELL, sgp1: NEW, then: { self: WELL } },
      NOT_RESTARTED,
    ],
    [
      "one has restarted for the peers' authority and waits for this one",
      { self: OLD_FOR_PEERS, lon1: OLD_FOR_PEERS, sgp1: NEW, then: { self: WELL } },
      RESTARTED,
    ],
    ["that one is dead", { self: OLD_FOR_PEERS, lon1: OLD_FOR_PEERS, sgp1: DEAD, then: { self: WELL } }, NOT_RESTARTED],
  ])("goes by the others where its own authority has run out and somebody commits: %s", (_name, world, expected) => {
    expect(restart(world)).toMatchObject(expected);
  });

  it("is not waited for where the others have yet to restart: nobody is a quorum with it before", () => {
    const first = restart({ self: OLD, lon1: OLD, sgp1: OLD, then: { self: NEW } });
    expect(first).toMatchObject({
      status: 0,
      restarts: ["restart --no-block etcd"],
      output: expect.stringMatching(/runs with the new authority, and is in service once a quorum does$/) as unknown,
    });
    // The same where etcd has not been ready since it was started after their end.
    expect(restart({ self: ["closed", "refuses"], lon1: OLD, sgp1: OLD, active: false, then: { self: NEW } })).toEqual({
      ...first,
      output: expect.stringMatching(/^etcd-nyc3: restarting\netcd-nyc3: runs with the new authority/) as unknown,
    });
    // Or is down altogether.
    const down = { active: false, down: true };
    expect(restart({ self: DEAD, lon1: OLD, sgp1: OLD, ...down, then: { self: NEW } })).toMatchObject({
      status: 0,
      restarts: ["start --no-block etcd"],
    });
  });

  it("is started where it has crashed, and not stopped again, as systemd may have started it meanwhile", () => {
    const down = { active: false, down: true };
    expect(restart({ self: DEAD, lon1: WELL, sgp1: DEAD, ...down, then: { self: WELL } })).toMatchObject({
      ...RESTARTED,
      restarts: ["start etcd"],
    });
    const starting = { active: false, starting: true };
    expect(restart({ self: DEAD, lon1: WELL, sgp1: DEAD, ...starting, then: { self: WELL } })).toMatchObject({
      ...RESTARTED,
      restarts: ["start etcd"],
    });
  });

  it("is waited for from the one on that makes a quorum", () => {
    expect(restart({ self: OLD, lon1: OLD, sgp1: NEW, then: { self: WELL } })).toMatchObject({
      ...RESTARTED,
      restarts: ["restart --no-block etcd"],
    });
    expect(restart({ self: OLD, lon1: OLD, sgp1: NEW, then: { self: NEW } })).toMatchObject({
      status: 1,
      output: expect.stringMatching(/^error: etcd-nyc3: does not answer healthy 1 s after its restart/m) as unknown,
    });
  });

  it("stops the chain where etcd does not come up with the new authority, or too few others live", () => {
    const down = { self: OLD, lon1: OLD, sgp1: OLD, then: { self: DEAD }, comesUp: false } as const;
    const alone = { self: OLD, lon1: DEAD, sgp1: DEAD, then: { self: NEW } } as const;
    for (const world of [down, alone]) {
      expect(restart(world)).toMatchObject({
        status: 1,
        output: expect.stringMatching(/^error: etcd-nyc3: does not answer healthy 1 s after its restart/m) as unknown,
      });
    }
  });
});
