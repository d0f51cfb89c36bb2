import { mkdirSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { runCommand, runTool } from "../tools";
import { describeOnLinux, plain, render, scratchDirectory, TEMPLATES, templateNames } from "./render";
import { filesOf, SAMPLES, stageOf, STEPS, stepsOf, tasksOf } from "./samples";

/** Where a script that is sourced may lie, as shellcheck takes it. */
const FOLDERS = [...new Set(templateNames().map((name) => path.join(TEMPLATES, path.dirname(name))))].join(
  path.delimiter,
);

/** All findings, the least included, in files whose names are shell scripts. */
function shellcheck(directory: string, names: readonly string[]): string {
  return runTool("shellcheck", ["-s", "sh", "-x", "-P", FOLDERS, "-f", "gcc", ...names], { cwd: directory }).output;
}

const SCRIPTS = templateNames().filter((name) => name.endsWith(".sh"));
/** Sourced by others, which have said how they stop. */
const LIBRARIES = [
  "rollout/authorities.sh",
  "backup/backups.sh",
  "rollout/common.sh",
  "authorization/auth-calls.sh",
  "authorization/auth-edits.sh",
  "authorization/sessions.sh",
  "upkeep/coordinator.sh",
  "rollout/decide.sh",
  "upkeep/defragmentation.sh",
  "leader/grpc.sh",
  "leader/leadership.sh",
  "rollout/liveness.sh",
  "rollout/members.sh",
  "revocation/revocation.sh",
  "member/profile.sh",
  "node/session.sh",
];
const scratch = scratchDirectory();
const rendered = SAMPLES.map((sample, index) => {
  const files = render(filesOf(sample, plain("boot/get-etcd.sh")));
  const { stage } = render(stageOf(sample, files));
  const steps = render(stepsOf(sample, { stage, tasks: render(tasksOf(sample, files)) }));
  const scripts = { ...steps, stage, curl: files.clientCurl, clientEnv: files.clientEnv };
  const directory = path.join(scratch, String(index));
  mkdirSync(directory);
  for (const [name, text] of Object.entries(scripts)) writeFileSync(path.join(directory, `${name}.sh`), text);
  return { sample: sample.name, others: sample.others.length, directory, scripts };
});

describeOnLinux("the node scripts, by shellcheck's judgement", () => {
  it("have no finding as they are in templates/", () => {
    expect(SCRIPTS.length).toBeGreaterThan(5);
    expect(shellcheck(TEMPLATES, SCRIPTS)).toBe("");
  });

  it.each(rendered)("have no finding as rendered for $sample with $others others", ({ directory, scripts }) => {
    const names = Object.keys(scripts).map((name) => `${name}.sh`);
    expect(shellcheck(directory, names)).toBe("");
  });

  it("would not pass with a mistake: the judge is awake", () => {
    writeFileSync(path.join(scratch, "mistake.sh"), "#!/bin/sh\nrm -rf $1/*\n");
    expect(shellcheck(scratch, ["mistake.sh"])).toMatch(/SC2086/);
  });
});

describe("the node scripts", () => {
  it.each(SCRIPTS.filter((name) => !LIBRARIES.includes(name)))("%s stops at the first error", (name) => {
    const text = plain(name);
    expect(text.startsWith("#!/bin/sh\n")).toBe(true);
    // common.sh says it for those that source it.
    expect(text).toMatch(/^(set -eu|\. "?(\/usr\/local\/lib\/cdktf-etcd|\$\{0%\/\*\})\/common\.sh"?)$/m);
  });

  it("ask nothing of etcd's JSON gateway, which may be off: only its users' own file does", () => {
    const asking = templateNames().filter((name) => /\/v3(beta)?\//.test(plain(name)));
    expect(asking).toEqual(["access/client-curl.sh.tftpl"]);
  });

  it.each(rendered)("parse as plain sh for $sample with $others others", ({ directory, scripts }) => {
    for (const name of Object.keys(scripts)) {
      expect(runCommand("/bin/sh", ["-n", `${name}.sh`], { cwd: directory })).toMatchObject({ status: 0, output: "" });
    }
  });

  it.each(rendered)("leave nothing of the templates' own language for $sample with $others others", ({ scripts }) => {
    for (const [name, text] of Object.entries(scripts))
      expect([name, text]).toEqual([name, expect.not.stringMatching(/\$\$\{|%%?\{/)]);
  });

  it.each(STEPS)("%s has a script on the node", (step) => {
    expect(SCRIPTS).toContain(`rollout/${step}.sh`);
  });

  it("delete the copy that Terraform uploaded before they do anything else, as it holds keys", () => {
    for (const { scripts } of rendered) {
      for (const step of ["install", "stage", ...STEPS] as const) {
        const commands = scripts[step].split("\n").filter((line) => line !== "" && !line.startsWith("#"));
        // A step's user may not be root; to become so, it needs the file.
        const become = step === "stage" ? [] : ['[ "$(id -u)" = 0 ] || exec sudo -n -- /bin/sh "$0"'];
        const first = ["set -eu", "umask 077", ...become, 'rm -f -- "$0"'];
        expect(commands.slice(0, first.length)).toEqual(first);
      }
    }
  });
});
