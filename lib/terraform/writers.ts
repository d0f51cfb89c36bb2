import { Token } from "cdktf";
import { ValidationError } from "../validation-error";
import { expressionAbout, inExpression } from "./literal";

declare const written: unique symbol;

/**
 * Text in the form that the reader of a file wants it in. Only what has this type gets into a template, so that none
 * forgets the form.
 */
export type Written = string & { readonly [written]: true };

/** How each match of a pattern is replaced, in a text as in an expression of Terraform's. */
interface Rule {
  /** In the syntax that JavaScript and RE2, which is Terraform's, have in common. */
  readonly pattern: string;
  /** Groups as $1; no letter or digit may follow. */
  readonly by: string;
}

/** In Terraform that happens once the tokens in the text are known; without tokens, it has happened already. */
function replaced(text: string, { pattern, by }: Rule): string {
  if (!Token.isUnresolved(text)) return text.replace(new RegExp(pattern, "gu"), by);
  const regex = inExpression(`/${pattern}/`);
  return expressionAbout(text, (expression) => `replace(${expression}, ${regex}, ${inExpression(by)})`);
}

/** Has Terraform fail at a text that does not match, without showing it. */
function required(text: string, pattern: string, expected: string): string {
  if (Token.isUnresolved(text)) {
    return expressionAbout(text, (expression) => `regex(${inExpression(pattern)}, ${expression})`);
  }
  if (new RegExp(pattern, "u").test(text)) return text;
  throw new ValidationError({
    what: "a value for a file on the machines",
    given: `a text of ${text.length} characters`,
    expected,
    mend: "leave out what the file's format can't hold",
  });
}

function oneLine(text: string): string {
  return required(text, "^[^\\r\\n\\x00]*$", "one line of text");
}

/** A word of the shell's: between single quotes, in which nothing else has a meaning. */
export function shellWord(text: string): Written {
  return `'${replaced(text, { pattern: "'", by: "'\\''" })}'` as Written;
}

/** Words for the shell, with spaces between them, as one word: how node scripts are given lists. */
export function shellList(words: readonly string[]): Written {
  return shellWord(words.join(" "));
}

/** A word of the shell's without quotes where it needs none. */
export function shellBare(text: string): Written {
  return replaced(oneLine(text), { pattern: "([^A-Za-z0-9_./:@%+=,-])", by: "\\$1" }) as Written;
}

/** A part of a comment, which a line break would end. */
export function comment(text: string): Written {
  return replaced(text, { pattern: "[\\r\\n]+", by: " " }) as Written;
}

/**
 * The value of a variable in an EnvironmentFile of systemd's: without quotes, a backslash before what would have a
 * meaning there (systemd.exec(5)). Other readers of the file find ordinary values as they are.
 */
export function environmentValue(text: string): Written {
  return replaced(oneLine(text), { pattern: "(\\\\|^[\"' \\t\\f\\v]|[ \\t\\f\\v]$)", by: "\\$1" }) as Written;
}

/** Text in a setting of a systemd unit, where "%" begins a specifier. */
export function unitText(text: string): Written {
  return replaced(comment(text), { pattern: "%", by: "%%" }) as Written;
}

/**
 * The value of an option in rclone.conf. Where rclone would take blanks off its ends, or quotes, it is between
 * backticks: rclone looks for the last one in the line. Nothing keeps it from reading "%(name)s" as another option.
 */
export function rcloneValue(text: string): Written {
  const line = required(text, RCLONE_VALUE, 'one line of text without "%("');
  return replaced(line, { pattern: '^([\\p{Z}\\x85\\s\\v`].*|""".*|.*[\\p{Z}\\x85\\s\\v])$', by: "`$1`" }) as Written;
}

/** What {@link rcloneValue} can write. */
export const RCLONE_VALUE = "^(?:[^%\\r\\n\\x00]|%+[^%(\\r\\n\\x00])*%*$";

/**
 * A name that is no syntax in YAML, in PromQL, nor in a regular expression, but for its dots: in alerting rules it stands
 * in all of them.
 */
export function plainName(text: string): Written {
  return required(text, PLAIN_NAME, "letters, digits and _ . / : -") as Written;
}

/** What {@link plainName} can write. */
export const PLAIN_NAME = "^[A-Za-z0-9_./:-]+$";

/** The name of a user of the machine, which is a pattern in sshd's configuration. */
export function loginName(text: string): Written {
  return required(text, LOGIN_NAME, "the name of a user") as Written;
}

/** What {@link loginName} can write. */
export const LOGIN_NAME = "^[A-Za-z0-9_][A-Za-z0-9_.-]*[$]?$";

/**
 * Names of users, with spaces between them, as the value of a variable in an EnvironmentFile: in quotes, which none of
 * them can end.
 */
export function loginNames(names: readonly string[]): Written {
  return `'${names.map(loginName).join(" ")}'` as Written;
}

/** The text of a file that Terraform reads, which ends with a line break. What is known already is left as it is. */
export function withoutFinalLineBreak(text: string): string {
  return Token.isUnresolved(text) ? expressionAbout(text, (expression) => `chomp(${expression})`) : text;
}

/** A text that is never meant to have blanks at its ends, though a file that Terraform reads it from may. */
export function trimmed(text: string): string {
  return Token.isUnresolved(text) ? expressionAbout(text, (expression) => `trimspace(${expression})`) : text;
}

/**
 * Text that stands in no line of its own making: a whole script or file, what the template itself encodes, or a word of
 * this library's own.
 */
export function asItIs(text: string): Written {
  return text as Written;
}
