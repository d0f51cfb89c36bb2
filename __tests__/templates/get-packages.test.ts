import { existsSync } from "node:fs";
import { describeAsRoot, NODE_SCRIPTS, freshNodes, NodeRoot } from "./node-root";

jest.setTimeout(60_000);

/** Holds a file locked as apt and dpkg do, until it is ended. */
const HOLD = `#!/usr/bin/perl
use Fcntl;
open(my $file, ">>", $ARGV[0]) or die "open: $!";
my $lock = pack("s s x4 q q i x4", F_WRLCK, 0, 0, 0, 0);
fcntl($file, F_SETLK, $lock) or die "lock: $!";
open(my $held, ">", "/run/held") or die;
sleep $ARGV[1];
`;

const GET = `${NODE_SCRIPTS}/get-packages`;
const hold = (file: string, seconds: number): string =>
  `/hold ${file} ${seconds} & holder=$!; until [ -e /run/held ]; do kill -0 $holder; sleep 0.1; done;`;

const describeWithApt = existsSync("/usr/bin/apt-get") && existsSync("/usr/bin/perl") ? describeAsRoot : describe.skip;

describeWithApt("packages, by the real apt", () => {
  const freshNode = freshNodes();
  let node: NodeRoot;

  beforeEach(() => {
    node = freshNode();
    node.scripts("get-packages.sh");
    node.put("/hold", HOLD, 0o755);
    for (const directory of ["lib/apt/lists/partial", "cache/apt/archives/partial", "lib/dpkg"]) {
      node.directoryOf(`/var/${directory}`);
    }
    node.put("/etc/apt/apt.conf", 'APT::Sandbox::User "root";\n');
    node.put("/etc/apt/sources.list", "deb [trusted=yes] file:/archive ./\n");
    node.put("/archive/Packages", "");
    const installed = ["chrony", "curl"].map(
      (name) =>
        `Package: ${name}\nStatus: install ok installed\nArchitecture: all\nVersion: 1\nMaintainer: nobody <nobody@example.com>\nDescription: none\n`,
    );
    node.put("/var/lib/dpkg/status", `${installed.join("\n")}\n`);
  });

  it("are there at once where nobody else is at it", () => {
    expect(node.run(`${GET} 30 chrony curl`)).toMatchObject({ status: 0, output: "" });
    expect(node.read("/var/log/cdktf-etcd-apt.log")).toContain("chrony is already the newest version");
  });

  it.each(["/var/lib/apt/lists/lock", "/var/lib/dpkg/lock-frontend"])(
    "are waited for while another holds %s",
    (lock) => {
      const { status, output } = node.run(`${hold(lock, 3)} ${GET} 30 chrony curl`);
      expect([status, output]).toEqual([
        0,
        expect.stringMatching(
          new RegExp(
            `^waiting for another program that is installing packages\\. Could not get lock ${lock}\\. It is held by process \\d+ \\(hold\\)$`,
          ),
        ),
      ]);
    },
  );

  it("are given up after the time that there is, with who holds what, and what to do", () => {
    const { status, output } = node.run(
      `${hold("/var/lib/apt/lists/lock", 60)} ${GET} 2 chrony curl || ended=$?; kill $holder; exit \${ended:-0}`,
    );
    expect([status, output.split("\n").at(-1)]).toEqual([
      1,
      expect.stringMatching(
        /^error: chrony curl could not be installed within 2 s, as another program is installing packages there\. Could not get lock \/var\/lib\/apt\/lists\/lock\. It is held by process \d+ \(hold\)\. Let it end, or end it$/,
      ),
    ]);
  });

  it("are not waited for where something else is wrong", () => {
    const { status, output } = node.run(`${GET} 60 chrony rclone`);
    expect([status, output]).toEqual([
      1,
      expect.stringMatching(
        /E: Unable to locate package rclone\nerror: apt can't install chrony rclone\. Where it reaches no archive, let it .*; all it said is in \/var\/log\/cdktf-etcd-apt\.log$/,
      ),
    ]);
  });
});
