import { execFileSync } from "node:child_process";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { useScratchDir } from "../../lab/tools/scratch";
import { changedFiles, reasonFor, storiesOf } from "../../../proofs/suite/changed";
import { STORIES, tierOf } from "../../../proofs/suite/stories";

const scratch = useScratchDir();

function git(...args: string[]): void {
  const who = ["-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"];
  execFileSync("git", [...who, ...args], { cwd: scratch(), stdio: "pipe" });
}

function write(file: string, text: string): void {
  mkdirSync(path.dirname(path.join(scratch(), file)), { recursive: true });
  writeFileSync(path.join(scratch(), file), text);
}

describe("what has changed", () => {
  beforeEach(() => {
    git("init", "--quiet");
    write(".gitignore", "*.log\n");
    for (const file of ["kept", "edited", "old name", "deleted"]) write(`lib/${file}`, `${file}\n`.repeat(20));
    git("add", ".");
    git("commit", "--quiet", "--message", "first");
  });

  it("is nothing right after a commit", () => {
    expect(changedFiles("HEAD", scratch())).toEqual([]);
  });

  it("is what was edited, deleted and added, and what was renamed by both of its names", () => {
    write("lib/edited", "otherwise\n");
    rmSync(path.join(scratch(), "lib/deleted"));
    renameSync(path.join(scratch(), "lib/old name"), path.join(scratch(), "lib/nëw name"));
    git("add", "lib/old name", "lib/nëw name");
    write("lib/new/untracked", "");
    write("lib/ignored.log", "");
    expect(changedFiles("HEAD", scratch())).toEqual(
      ["lib/edited", "lib/deleted", "lib/old name", "lib/nëw name", "lib/new/untracked"].sort(),
    );
  });

  it("goes back to the commit that is named", () => {
    write("lib/edited", "otherwise\n");
    git("commit", "--quiet", "--all", "--message", "second");
    expect(changedFiles("HEAD", scratch())).toEqual([]);
    expect(changedFiles("HEAD~1", scratch())).toEqual(["lib/edited"]);
    expect(() => changedFiles("no-such-commit", scratch())).toThrow("no-such-commit");
  });
});

describe("the stories that changes call for", () => {
  const there = (): boolean => true;
  /** Of the lab tier: the long one comes by almost everything. */
  const inLab = (files: readonly string[]): string[] =>
    storiesOf(files)
      .filter(({ story }) => tierOf(story) === "lab")
      .map(reasonFor);

  it("are each told with their reasons, longest first", () => {
    expect(
      inLab(["templates/leader/place-leader.sh", "docs/lab.md", "templates/leader/etcd-leader.timer", "main.ts"]),
    ).toEqual(["cluster: main.ts", "leader: templates/leader/place-leader.sh, templates/leader/etcd-leader.timer"]);
  });

  it("are told with three reasons where there are many", () => {
    const files = ["a", "b", "c", "d", "e"].map((name) => `lib/backup/${name}.ts`);
    expect(inLab(files)).toEqual(["backup: lib/backup/a.ts, lib/backup/b.ts, lib/backup/c.ts and 2 more"]);
  });

  it("are none for what the unit tier has", () => {
    expect(storiesOf(["README.md", "lib/report/map.ts", "__tests__/package.test.ts"])).toEqual([]);
  });

  it("are all for what all stand on", () => {
    expect(storiesOf(["jest.config.js"])).toHaveLength(STORIES.length);
  });

  it("are unknown for a file that nobody has thought about, which says what to do", () => {
    const files = ["main.ts", "lib/unheard-of.ts", "__tests__/lab/unheard-of.lab.test.ts"];
    expect(() => storiesOf(files, there)).toThrow(
      /^proofs\/suite\/stories\.ts does not say which story a change of lib\/unheard-of\.ts, __tests__\/lab\/unheard-of\.lab\.test\.ts calls for\. Add a row to STORIES/,
    );
  });

  it("are none for a file that is gone, and its line with it", () => {
    expect(storiesOf(["lib/unheard-of.ts"])).toEqual([]);
  });
});
