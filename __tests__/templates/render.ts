import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { runTool } from "../tools";

export const TEMPLATES = path.resolve(__dirname, "..", "..", "templates");

/** `describe` for what only Linux has the tools for; elsewhere it is skipped, as the nodes are Linux machines. */
export const describeOnLinux = process.platform === "linux" ? describe : describe.skip;

/** A template and what it is given. */
export interface Rendering {
  readonly template: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** All files of templates/, each with its folder: "leader/place-leader.sh". */
export function templateNames(): string[] {
  return readdirSync(TEMPLATES)
    .flatMap((folder) => readdirSync(path.join(TEMPLATES, folder)).map((name) => `${folder}/${name}`))
    .sort();
}

/** The one file of templates/ with that name, whichever its folder. */
export function templateNamed(name: string): string {
  const found = templateNames().filter((template) => path.basename(template) === name);
  if (found.length !== 1) throw new Error(`${found.length} files in templates/ are called ${name}`);
  return found[0];
}

/** A file of templates/ as it is, by its folder and name. */
export function plain(name: string): string {
  return readFileSync(path.join(TEMPLATES, name), "utf8");
}

/** A directory that is gone when the tests of the file are through. */
export function scratchDirectory(): string {
  const directory = mkdtempSync(path.join(tmpdir(), "cdktf-etcd-unit-"));
  afterAll(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  return directory;
}

/** Renders templates as a deploy does: Terraform itself calls templatefile() on each. */
export function render<Key extends string>(renderings: Readonly<Record<Key, Rendering>>): Record<Key, string> {
  const directory = mkdtempSync(path.join(tmpdir(), "cdktf-etcd-render-"));
  try {
    writeFileSync(path.join(directory, "terraformrc"), "");
    writeFileSync(path.join(directory, "renderings.json"), JSON.stringify(renderings));
    // base64, as the console would print template markers in the text as escapes of its own.
    const expression =
      'base64encode(jsonencode({ for key, one in jsondecode(file("renderings.json")) : ' +
      `key => templatefile("${TEMPLATES}/\${one.template}", one.variables) }))`;
    const { status, stdout, output } = runTool("terraform", ["console"], {
      cwd: directory,
      input: `${expression}\n`,
      env: { CHECKPOINT_DISABLE: "1", TF_CLI_CONFIG_FILE: path.join(directory, "terraformrc"), TF_CLI_ARGS: "" },
    });
    const quoted = /^"([A-Za-z0-9+/=]*)"$/m.exec(stdout);
    if (status !== 0 || quoted === null) throw new Error(`terraform can't render the templates:\n${output}`);
    return JSON.parse(Buffer.from(quoted[1], "base64").toString("utf8")) as Record<Key, string>;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
