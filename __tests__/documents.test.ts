import { readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { cluster, synth } from "./synth";

const ROOT = path.join(__dirname, "..");

/** Whatever a reader may copy a command from: documents, examples, and what the command line prints. */
const FILES = [
  "README.md",
  "CONTRIBUTING.md",
  "main.ts",
  ...["docs", "examples", "lab", "lib", "proofs", "templates"].flatMap((folder) =>
    readdirSync(path.join(ROOT, folder), { recursive: true, encoding: "utf8" }).map((file) => path.join(folder, file)),
  ),
].filter((file) => /\.(md|ts|sh|tftpl)$/.test(file) && !file.includes("node_modules"));

/** The ends of the names of all outputs that are sensitive, after the cluster's or the client's. */
function secretOutputs(): string[] {
  const { output } = synth((stack) => {
    cluster(stack).addClient("billing");
  });
  const names = Object.entries(output).flatMap(([name, { sensitive }]) => (sensitive === true ? [name] : []));
  return names.map((name) => /_(ssh|certificate|key|files)$/.exec(name)?.[0] ?? name);
}

/** Commands whose output has every secret of a stack. */
const ALL_SECRETS = [
  /\boutput -json\b(?! *[\w<$])/,
  /\boutputs-file-include-sensitive-outputs\b/,
  /\bstate (pull|show)\b/,
  /\bshow -json\b/,
];
/** A redirection to a file, or a program that writes what it reads to one. */
const TO_A_FILE = /(?<![-=0-9&<])>{1,2} *[\w./$"'~]|\| *tee\b/;

/**
 * The pieces of a text that somebody may type as they are: fenced blocks and inline code of Markdown, lines of everything
 * else. Within a block, umask holds for what follows.
 */
function commands(file: string, written: string): string[] {
  // <cluster> stands for a name, and redirects nothing.
  const text = written.replace(/<[\w./ -]+>/g, "name");
  if (!file.endsWith(".md")) return text.split("\n");
  const blocks = [...text.matchAll(/^[ ]*```\w*\n([\s\S]*?)^[ ]*```/gm)].map(([, block]) => block);
  const inline = [...text.replace(/^[ ]*```[\s\S]*?^[ ]*```/gm, "").matchAll(/`([^`\n]+)`/g)].map(([, code]) => code);
  return [...blocks, ...inline];
}

/** What is wrong with the commands of a text. */
function leaks(file: string, text: string, secrets: readonly string[]): string[] {
  const some = new RegExp(`\\boutput\\b.*(${secrets.join("|")})\\b`);
  return commands(file, text).flatMap((command) => {
    const lines = command.split("\n");
    const everything = lines.filter((line) => ALL_SECRETS.some((kind) => kind.test(line)) && TO_A_FILE.test(line));
    const first = lines.findIndex((line) => TO_A_FILE.test(line));
    const isGuarded = lines.slice(0, Math.max(0, first)).some((line) => /^\s*umask 077\b/.test(line));
    const unguarded = lines.some((line) => some.test(line)) && first >= 0 && !isGuarded ? [lines[first]] : [];
    return [
      ...everything.map((line) => `${file}: all secrets of the stack go into a file: ${line}`),
      ...unguarded.map((line) => `${file}: a secret goes into a file without umask 077 before: ${line}`),
    ];
  });
}

describe("what the documents tell people to type", () => {
  const secrets = [...new Set(secretOutputs())].sort();

  it("is judged by the outputs that are secret", () => {
    expect(secrets).toEqual(["_certificate", "_key", "_ssh"]);
  });

  it("writes no secret that others can read, and never all of them", () => {
    expect(FILES).toEqual(
      expect.arrayContaining(["docs/operations.md", "examples/shell-client.sh", "lib/cli/report.ts"]),
    );
    expect(FILES.flatMap((file) => leaks(file, readFileSync(path.join(ROOT, file), "utf8"), secrets))).toEqual([]);
  });

  it.each([
    ["a.md", "```sh\ncd x\nterraform output -json > outputs.json\n```\n", "all secrets"],
    ["a.md", "```sh\numask 077\nterraform -chdir=x output -json >outputs.json\n```\n", "all secrets"],
    ["a.md", "Write them: `terraform output -json | tee outputs.json`, then\n", "all secrets"],
    ["a.md", "`npx cdktf deploy --outputs-file-include-sensitive-outputs >log`", "all secrets"],
    ["a.ts", 'mend: "terraform output -json > outputs.json",', "all secrets"],
    ["a.md", "```sh\nterraform output -json etcd_ssh | jq . >member.json\n```\n", "without umask 077"],
    ["a.md", "```sh\nterraform output -raw <cluster>_client_jo_key >client.key\numask 077\n```\n", "without umask 077"],
    ["a.md", "```sh\nterraform output -json etcd_ssh\njq -r .private_key >login.key\n```\n", "without umask 077"],
  ])("would be found: %s, %j", (file, text, kind) => {
    expect(leaks(file, text, secrets)).toEqual([expect.stringContaining(kind)]);
  });

  it.each([
    "```sh\numask 077\nterraform output -json <cluster>_ssh | jq . >member.json\njq -r .x member.json >login.key\n```\n",
    "```sh\nterraform output -json etcd_certificate_expiry >outputs.json\n```\n",
    "`terraform output -json <cluster>_ssh`, which prints it",
  ])("may well be %j", (text) => {
    expect(leaks("a.md", text, secrets)).toEqual([]);
  });

  it("has the umask in what deploys, before anything is written", () => {
    const readme = readFileSync(path.join(ROOT, "README.md"), "utf8");
    const deploy = commands("README.md", readme).find((block) => /^npx cdktf deploy$/m.test(block)) ?? "";
    expect(deploy).toMatch(/^umask 077\b[\s\S]*^npx cdktf deploy$/m);
  });
});
