import { Lazy, Precondition, TerraformLocal } from "cdktf";
import { Construct } from "constructs";
import { expressionAbout, inExpression } from "../terraform/literal";
import { Templates } from "../terraform/templates";
import { asItIs, Written } from "../terraform/writers";
import { isLate, lateText, list, oneOf, required, shape, shown } from "../validation";
import { ValidationError } from "../validation-error";

/** What a {@link CloudInitPart} is, by its content type. */
export enum CloudInitPartType {
  /** Settings of cloud-init's in YAML, below the line `#cloud-config`. */
  CLOUD_CONFIG = "text/cloud-config",
  /** A script, below a line that begins with `#!`: root runs it once, at the end of the first boot. */
  SHELL_SCRIPT = "text/x-shellscript",
}

/** Something more for cloud-init to do at a machine's first boot. It is no place for secrets: see `cloudInitParts`. */
export interface CloudInitPart {
  /** What it is. */
  readonly contentType: CloudInitPartType;
  /**
   * Its text, from the first line on. Settings that are lists (`packages`, `write_files`, `runcmd`) are added to the
   * library's own.
   */
  readonly content: string;
}

/** A reader for a list of {@link CloudInitPart}. */
export const CLOUD_INIT_PARTS = list(
  shape<CloudInitPart>({
    contentType: required(oneOf(CloudInitPartType, "CloudInitPartType")),
    content: required(lateText),
  }),
);

/** How each type begins. */
const BEGINNINGS: Readonly<Record<CloudInitPartType, { readonly pattern: string; readonly expected: string }>> = {
  [CloudInitPartType.CLOUD_CONFIG]: {
    pattern: "^#cloud-config[ \\t]*\\r?\\n",
    expected: 'the line "#cloud-config" first, and settings in YAML below it',
  },
  [CloudInitPartType.SHELL_SCRIPT]: {
    pattern: "^#![ \\t]*/",
    expected: 'a line such as "#!/bin/sh" first, and a script below it',
  },
};

/** Settings of templates/boot/cloud-init.yaml.tftpl that nothing can be added to. */
const OWN_SETTINGS = ["disable_root", "package_update", "ssh_deletekeys", "ssh_keys", "ssh_pwauth"];
/** Settings with which a part chooses by itself what becomes of those before it. */
const MERGE_SETTINGS = ["merge_how", "merge_type"];
const RESERVED = [...OWN_SETTINGS, ...MERGE_SETTINGS];

/**
 * How cloud-init adds a part's settings to those before it: lists are appended to, within maps, too, and what is there
 * already stays as it is. Its default would put a later part's `runcmd` in the place of the library's.
 */
const MERGE = "list(append)+dict(no_replace,recurse_list)+str()";

/** What of a machine's user data the library's own part may need, in bytes: a test holds it to that. */
export const OWN_BYTES = 16 * 1024;

/**
 * A machine's user data.
 *
 * @param own the library's part, which is all there is without others: user data is part of what a machine is made of,
 * so it must not change for those who add none
 */
export function userData(scope: Construct, own: () => Written, parts: readonly CloudInitPart[]): string {
  const rendered = Lazy.stringValue({ produce: own });
  if (parts.length === 0) return rendered;
  // By a name of its own: CDKTF prints arguments of functions that hold a template.
  const local = new TerraformLocal(scope, "own-cloud-init", rendered);
  return Templates.of(scope).render("boot/cloud-init-archive.yaml.tftpl", {
    own: asItIs(local.asString),
    parts: parts.map(({ contentType, content }) => ({ type: asItIs(contentType), content: asItIs(content) })),
    merge: asItIs(MERGE),
  });
}

/**
 * Throws unless cloud-init can read these parts beside the library's. Those known to Terraform alone are left to it.
 *
 * @param most what the cloud takes as user data, in bytes
 */
export function requireCloudInitParts(what: string, parts: readonly CloudInitPart[], most: number): void {
  const known = parts
    .map((part, index) => ({ ...part, name: `${what}[${index}]` }))
    .filter(({ content }) => !isLate(content));
  for (const { name, contentType, content } of known) {
    requireText(`${name}.content`, content);
    requireBeginning(`${name}.content`, contentType, content);
    if (contentType === CloudInitPartType.CLOUD_CONFIG) requireForeignSettings(`${name}.content`, content);
  }
  const bytes = known.reduce((sum, { content }) => sum + bytesOf(content), 0);
  const room = most - OWN_BYTES;
  if (bytes <= room) return;
  throw new ValidationError({
    what,
    given: `${bytes} bytes, as they stand in user data`,
    expected: `at most ${room}: the cloud takes ${most} as user data, some of which the library's own part needs`,
    mend: "have a script fetch what is large",
  });
}

/** What is checked of known parts, of the others: Terraform does so before it makes a machine. */
export function checksOfLateParts(what: string, parts: readonly CloudInitPart[]): Precondition[] {
  return parts.flatMap(({ contentType, content }, index) => {
    if (!isLate(content)) return [];
    const check = (about: (text: string) => string, expected: string): Precondition => ({
      condition: expressionAbout(content, about),
      errorMessage: `${what}[${index}].content: expected ${expected}. Nothing was changed.`,
    });
    const { pattern, expected } = BEGINNINGS[contentType];
    const begins = check((text) => `can(regex(${inExpression(pattern)}, ${text}))`, expected);
    if (contentType !== CloudInitPartType.CLOUD_CONFIG) return [begins];
    const names = RESERVED.map((name) => inExpression(name)).join(", ");
    const foreign = (text: string): string =>
      `try(length(setintersection(keys(yamldecode(${text})), [${names}])) == 0, false)`;
    return [begins, check(foreign, `YAML without ${RESERVED.join(", ")}, which are the library's own to say`)];
  });
}

/** Control characters that YAML can't hold, NUL among them. */
// eslint-disable-next-line no-control-regex -- it looks for them
const UNREADABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f\ufffe\uffff]|[\ud800-\udfff]/u;

function requireText(what: string, content: string): void {
  const found = UNREADABLE.exec(content)?.[0].codePointAt(0);
  if (found === undefined) return;
  throw new ValidationError({
    what,
    given: `the character U+${found.toString(16).toUpperCase().padStart(4, "0")}`,
    expected: "text: of the control characters, tabs and line breaks alone",
    mend: "take it out, or have a script decode it from base64",
  });
}

function requireBeginning(what: string, type: CloudInitPartType, content: string): void {
  const { pattern, expected } = BEGINNINGS[type];
  if (new RegExp(pattern, "u").test(content)) return;
  throw new ValidationError({
    what,
    given: `${shown(content.split("\n", 1)[0])} as its first line`,
    expected: `${expected}, for the type ${type}`,
    mend: "put that line in front, or correct the type",
  });
}

/** A line with a setting. Where the first one is not indented, no other of the outermost ones is. */
const SETTING = /^(["']?)([\w-]+)\1[ \t]*:(?=\s|$)/;

function requireForeignSettings(what: string, content: string): void {
  const lines = content.split(/\r?\n/).filter((line) => !/^\s*(#|$)/.test(line) && line.trim() !== "---");
  if (lines.length === 0 || !SETTING.test(lines[0])) {
    throw new ValidationError({
      what,
      given: lines.length === 0 ? "no settings" : shown(lines[0]),
      expected: 'settings below "#cloud-config", each outermost one at the beginning of a line, as "packages: [jq]"',
      mend: "write them in that form, not in braces: it is looked through for what the library relies on",
    });
  }
  const own = lines
    .map((line) => SETTING.exec(line)?.[2])
    .find((name) => name !== undefined && RESERVED.includes(name));
  if (own === undefined) return;
  throw new ValidationError({
    what,
    given: `the setting ${own}`,
    expected: `settings beside ${RESERVED.join(", ")}`,
    mend: "take it out: the library says that, and deploys rely on it",
  });
}

/** A text's length as JSON, in which Terraform has longer escapes for <, > and &. */
function bytesOf(content: string): number {
  return Buffer.byteLength(JSON.stringify(content).replace(/[<>&\u2028\u2029]/g, "\\u0000"));
}
