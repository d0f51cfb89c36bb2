import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import * as path from "node:path";
import { ToolError } from "terraform-lab";
import { storiesFor, titleOf, type Story } from "./stories";

const CHECKOUT = path.resolve(__dirname, "..", "..");

/** A story that has to run because of changes. */
export interface CalledFor {
  readonly story: Story;
  /** The changed files that it tests. */
  readonly because: readonly string[];
}

/**
 * Files that differ from a commit, including new ones, as paths from the checkout's top. A renamed file counts with both
 * names.
 */
export function changedFiles(since = "HEAD", checkout = CHECKOUT): string[] {
  const git = (...args: string[]): string[] =>
    execFileSync("git", args, { cwd: checkout, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] })
      .split("\0")
      .filter((file) => file !== "");
  const changed = git("diff", "-z", "--name-only", "--no-renames", "--no-relative", "--end-of-options", since, "--");
  const untracked = git("ls-files", "-z", "--others", "--exclude-standard");
  return [...new Set([...changed, ...untracked])].sort();
}

/**
 * The stories to run after a change of these files, longest first.
 *
 * @param exists whether a file still exists
 * @throws ToolError if a file is not in the tables of stories.ts
 */
export function storiesOf(
  files: readonly string[],
  exists = (file: string): boolean => existsSync(path.join(CHECKOUT, file)),
): CalledFor[] {
  const because = new Map<Story, string[]>();
  const unknown: string[] = [];
  for (const file of files) {
    const stories = storiesFor(file);
    // A deleted file is not in the tables any more, and the files that used it have changed too.
    if (stories === undefined && exists(file)) unknown.push(file);
    for (const story of stories ?? []) because.set(story, [...(because.get(story) ?? []), file]);
  }
  if (unknown.length > 0) throw unknownFiles(unknown);
  return [...because]
    .map(([story, reasons]) => ({ story, because: reasons }))
    .sort((a, b) => b.story.seconds - a.story.seconds);
}

/** The reason in a line, for example "membership: templates/rollout/join.sh". */
export function reasonFor({ story, because }: CalledFor): string {
  const [shown, more] = [because.slice(0, 3).join(", "), because.length - 3];
  return `${titleOf(story)}: ${shown}${more > 0 ? ` and ${more} more` : ""}`;
}

/** The error for files that are not in the tables: says where to add them. */
export function unknownFiles(files: readonly string[]): ToolError {
  return new ToolError(
    `proofs/suite/stories.ts does not say which story a change of ${files.join(", ")} calls for.`,
    "Add a row to STORIES for a new story; add any other file to 'proves' of the story that would tell first if it broke, or to " +
      "NO_STORY with the reason.",
  );
}
