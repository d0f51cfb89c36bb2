import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import * as path from "node:path";
import { unknownFiles } from "../../../proofs/suite/changed";
import { matches } from "../../../proofs/suite/path-patterns";
import {
  allPatterns,
  isStoryFile,
  nameOf,
  resultNameOf,
  STORIES,
  storiesFor,
  storiesIn,
  tierOf,
  titleOf,
} from "../../../proofs/suite/stories";

const CHECKOUT = path.resolve(__dirname, "..", "..", "..");

/** Files of the checkout that are there. */
function files(...which: string[]): string[] {
  return execFileSync("git", ["ls-files", "-z", ...which], { cwd: CHECKOUT, encoding: "utf8" })
    .split("\0")
    .filter((file) => file !== "" && existsSync(path.join(CHECKOUT, file)));
}

const names = (file: string): string[] | undefined => storiesFor(file)?.map(nameOf);

// What was unpacked from an archive has no list of its files.
(existsSync(path.join(CHECKOUT, ".git")) ? describe : describe.skip)("the table of stories, on this checkout", () => {
  it("knows every file", () => {
    const unknown = files().filter((file) => storiesFor(file) === undefined);
    expect(unknown.map((file) => unknownFiles([file]).message)).toEqual([]);
  });

  it("has a row for every test file of the lab", () => {
    const without = files().filter((file) => isStoryFile(file) && !STORIES.some((story) => story.file === file));
    expect(without.map((file) => unknownFiles([file]).message)).toEqual([]);
  });

  it("names nothing that is not there", () => {
    // Of a file that is new, the line may come before it is tracked.
    const there = files("--cached", "--others", "--exclude-standard");
    const missing = allPatterns().filter((pattern) => !there.some((file) => matches([pattern], file)));
    expect(missing.map((pattern) => `no file fits ${pattern}: take it out of proofs/suite/stories.ts`)).toEqual([]);
    expect(STORIES.map(({ file }) => file).filter((file) => !there.includes(file))).toEqual([]);
  });
});

describe("the table of stories", () => {
  it("tells stories apart, by their names and by those of their results", () => {
    for (const name of [titleOf, resultNameOf]) expect(new Set(STORIES.map(name)).size).toBe(STORIES.length);
    const [membership] = STORIES.filter(({ file }) => file === "__tests__/proofs/membership.lab.test.ts");
    const [rules] = STORIES.filter(({ file }) => file === "__tests__/access/alert-rules.lab.test.ts");
    expect([nameOf(membership), resultNameOf(membership)]).toEqual(["membership", "lab-proofs-membership"]);
    const [versions] = STORIES.filter(({ file }) => file === "__tests__/proofs/versions.long.test.ts");
    expect([nameOf(versions), titleOf(versions)]).toEqual(["versions", "versions (long)"]);
    expect([titleOf(membership), nameOf(rules), resultNameOf(rules)]).toEqual([
      "membership",
      "access/alert-rules",
      "lab-access-alert-rules",
    ]);
  });

  it("begins with the longest", () => {
    const lab = storiesIn("lab");
    const seconds = lab.map((story) => story.seconds);
    expect(seconds).toEqual([...seconds].sort((a, b) => b - a));
    expect(lab.length).toBeGreaterThan(10);
    expect([...new Set(lab.map(tierOf))]).toEqual(["lab"]);
    expect(storiesIn("long").every(({ file }) => file.endsWith(".long.test.ts"))).toBe(true);
    expect(lab.length + storiesIn("long").length).toBe(STORIES.length);
  });

  it("leaves the machine to those alone that measure what clients feel", () => {
    expect(storiesIn("lab").filter(({ alone }) => alone)).toEqual([
      expect.objectContaining({ file: "__tests__/proofs/operations.lab.test.ts" }),
    ]);
  });

  it.each<[string, string[]]>([
    ["templates/backup/backup.sh", ["backup"]],
    ["templates/access/alerts.yaml.tftpl", ["access/alert-rules"]],
    ["lib/pki/authority.ts", ["cluster", "pki/rotation-stages", "rotation"]],
    ["lab/machines/seed.ts", ["birth", "machines/nspawn-machine-driver"]],
    ["proofs/harness.ts", ["cluster", "birth"]],
    [
      "lab/clouds/digitalocean/api/routes/droplets.ts",
      ["clouds/digitalocean/provider/provider", "clouds/digitalocean/api/godo"],
    ],
    ["main.ts", ["cluster"]],
    ["lib/report/map.ts", []],
    ["docs/operations.md", []],
    ["__tests__/wan/quorum.test.ts", []],
    ["__tests__/proofs/leader.lab.test.ts", ["leader"]],
    [
      "__tests__/lab/clouds/digitalocean/provider/terraform-workspace.ts",
      ["clouds/digitalocean/provider/provider", "hosts/orphans", "hosts/lost-state"],
    ],
  ])("has a change of %s proven by %j", (file, expected) => {
    expect(names(file)).toEqual(expect.arrayContaining(expected));
    if (expected.length === 0) expect(names(file)).toEqual([]);
  });

  it("has everything proven anew where a change may break anything", () => {
    expect(storiesFor("package-lock.json")).toEqual(STORIES);
  });

  it("does not know what nobody has thought about, a story without a row above all", () => {
    for (const file of ["lib/new-folder/new-file.ts", "templates/new/new.sh", "__tests__/lab/new.lab.test.ts"])
      expect([file, storiesFor(file)]).toEqual([file, undefined]);
  });
});

describe("a pattern", () => {
  it.each([
    ["lib/a.ts", ["lib/a.ts"], ["lib/aXts", "lib/a.ts.map", "x/lib/a.ts"]],
    ["lib/*.ts", ["lib/a.ts"], ["lib/b/a.ts", "lib/a.go"]],
    ["lib/**", ["lib/a.ts", "lib/b/c/a.ts"], ["lib.ts", "lab/a.ts"]],
    ["**/*.md", ["README.md", "docs/lab.md"], ["docs/lab.md.ts"]],
    ["lib/{a,b-*}/{c,d}.ts", ["lib/a/c.ts", "lib/b-1/d.ts"], ["lib/{a,b-*}/{c,d}.ts", "lib/b/d.ts"]],
  ])("%s fits %j, not %j", (pattern, those, others) => {
    expect(those.filter((file) => !matches([pattern], file))).toEqual([]);
    expect(others.filter((file) => matches([pattern], file))).toEqual([]);
  });
});
