/** @independent */
import { spawnSync } from "node:child_process";
import * as path from "node:path";
import { featureGatesOf, flagsOf } from "../../lib/etcd-flags";
import { ensureKnownEtcd } from "../../proofs/etcd/known-release";

const MINUTES = 60_000;
/** One of each minor that the library knows. */
const VERSIONS = ["3.5.33", "3.6.14", "3.7.3"];
/** What --help lists, and the program refuses all the same. */
const LISTED_IN_ERROR = ["discovery", "discovery-proxy"];
/** No settings: they make etcd do something else than serve, or ignore every other setting. */
const NO_SETTINGS = ["version", "config-file"];

interface Program {
  readonly help: string;
  readonly flags: string[];
  /** Whether the program takes the flag. --version makes it end before it starts anything. */
  takes(flag: string): boolean;
}

async function program(version: string): Promise<Program> {
  const { binDir } = await ensureKnownEtcd(version);
  const run = (...args: string[]): string => {
    const { stdout, stderr } = spawnSync(path.join(binDir, "etcd"), args, { encoding: "utf8", timeout: 10_000 });
    return `${stdout}${stderr}`;
  };
  const help = run("--help");
  return {
    help,
    flags: [...help.matchAll(/^\s+--([a-z0-9-]+)/gm)].map(([, flag]) => flag),
    takes: (flag) => !run(`--${flag}=1`, "--version").includes("flag provided but not defined"),
  };
}

describe.each(VERSIONS)("the flags of etcd %s", (version) => {
  const minor = version.replace(/\.\d+$/, "");
  let etcd: Program;

  beforeAll(async () => {
    etcd = await program(version);
  }, 10 * MINUTES);

  it(
    "are those that the program takes",
    () => {
      const known = flagsOf(minor);
      expect(known.filter((flag) => !etcd.takes(flag))).toEqual([]);
    },
    MINUTES,
  );

  it(
    "are all that its --help lists and the program takes",
    () => {
      const known = flagsOf(minor);
      const missing = etcd.flags.filter((flag) => !known.includes(flag) && !NO_SETTINGS.includes(flag));
      expect(missing.filter((flag) => etcd.takes(flag))).toEqual([]);
      expect(LISTED_IN_ERROR).toEqual(expect.arrayContaining(missing));
    },
    MINUTES,
  );

  it(
    "are none that only other minors know",
    () => {
      const known = flagsOf(minor);
      const others = [...new Set(VERSIONS.flatMap((other) => flagsOf(other.replace(/\.\d+$/, ""))))];
      expect(others.filter((flag) => !known.includes(flag) && etcd.takes(flag))).toEqual([]);
    },
    MINUTES,
  );

  it("switch the feature gates that its --help lists", () => {
    const gates = [...etcd.help.matchAll(/^\s+(\w+)=true\|false/gm)].map(([, gate]) => gate);
    expect([...featureGatesOf(minor)].sort()).toEqual(gates.sort());
  });
});
