/** A value of a synthesized stack, all its tokens resolved. */
export type Resolved = null | boolean | number | string | Resolved[] | ResolvedObject;
/** An object of a synthesized stack. */
export interface ResolvedObject {
  readonly [key: string]: Resolved | undefined;
}

/** What Terraform's JSON syntax reads as addresses and keywords; in HCL they are not quoted. */
const ADDRESSES: readonly string[] = ["depends_on", "ignore_changes", "provider", "replace_triggered_by"];

/** Blocks that any resource may have. */
const COMMON_BLOCKS: readonly string[] = ["connection", "lifecycle", "postcondition", "precondition"];

/**
 * The body of a block in HCL, one line each, indented.
 *
 * @param blocks names of nested blocks that are not common to all resources: in JSON they look like attributes
 */
export function bodyOf(content: ResolvedObject, blocks: readonly string[]): string[] {
  return Object.entries(content)
    .filter(([name, value]) => name !== "//" && value !== undefined)
    .flatMap(([name, value]) => statement(name, value as Resolved, blocks))
    .map((line) => `  ${line}`);
}

/** A block in HCL, with what stands before its brace. */
export function blockOf(header: string, content: ResolvedObject, blocks: readonly string[]): string[] {
  return [`${header} {`, ...bodyOf(content, blocks), "}"];
}

function statement(name: string, value: Resolved, blocks: readonly string[]): string[] {
  if (name === "provisioner") {
    return (value as ResolvedObject[]).flatMap((one) =>
      Object.entries(one).flatMap(([type, content]) =>
        blockOf(`provisioner ${JSON.stringify(type)}`, content as ResolvedObject, blocks),
      ),
    );
  }
  if (COMMON_BLOCKS.includes(name) || blocks.includes(name)) {
    return [value as ResolvedObject | ResolvedObject[]].flat().flatMap((one) => blockOf(name, one, blocks));
  }
  return [`${name} = ${ADDRESSES.includes(name) ? addresses(value) : expressionOf(value)}`];
}

function addresses(value: Resolved): string {
  return Array.isArray(value) ? `[${(value as string[]).join(", ")}]` : (value as string);
}

/** A value as an expression. A string of Terraform's JSON syntax is a template, with interpolations. */
export function expressionOf(value: Resolved): string {
  if (typeof value === "string") return templateOf(value);
  if (Array.isArray(value)) return `[${value.map(expressionOf).join(", ")}]`;
  if (value === null || typeof value !== "object") return String(value);
  const fields = Object.entries(value).flatMap(([key, field]) =>
    field === undefined ? [] : [`${templateOf(key)} = ${expressionOf(field)}`],
  );
  return fields.length === 0 ? "{}" : `{ ${fields.join(", ")} }`;
}

function templateOf(text: string): string {
  const parts = partsOf(text);
  const [first] = parts;
  if (parts.length === 1 && first.startsWith("${")) return first.slice(2, -1);
  return `"${parts.map((part) => (isSequence(part) ? part : quoted(part))).join("")}"`;
}

function isSequence(part: string): boolean {
  return part.startsWith("${") || part.startsWith("%{");
}

/** The literals of a template, `$${` and `%%{` in them as they are, and its interpolations and directives. */
function partsOf(template: string): string[] {
  const parts: string[] = [];
  let literal = "";
  let at = 0;
  while (at < template.length) {
    if (/^(\$\$|%%)\{/.test(template.slice(at, at + 3))) {
      literal += template.slice(at, at + 3);
      at += 3;
    } else if (isSequence(template.slice(at, at + 2))) {
      const end = endOfSequence(template, at);
      parts.push(literal, template.slice(at, end));
      literal = "";
      at = end;
    } else {
      literal += template[at];
      at += 1;
    }
  }
  return [...parts, literal].filter((part) => part !== "");
}

/** Where an interpolation ends that begins at `start`: behind its brace, but for those in nested strings and objects. */
function endOfSequence(text: string, start: number): number {
  let depth = 1;
  let at = start + 2;
  while (depth > 0 && at < text.length) {
    if (text[at] === '"') {
      at = endOfString(text, at);
      continue;
    }
    if (text[at] === "{") depth += 1;
    if (text[at] === "}") depth -= 1;
    at += 1;
  }
  return at;
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') {
    if (text[at] === "\\") at += 2;
    else if (/^(\$\$|%%)\{/.test(text.slice(at, at + 3))) at += 3;
    else if (isSequence(text.slice(at, at + 2))) at = endOfSequence(text, at);
    else at += 1;
  }
  return at + 1;
}

/** A literal, as it stands between quotes. Names for line ends only, so that it can be read. */
function quoted(literal: string): string {
  return (
    literal
      .replace(/["\\]/g, "\\$&")
      .replace(/\n/g, "\\n")
      .replace(/\r/g, "\\r")
      .replace(/\t/g, "\\t")
      // eslint-disable-next-line no-control-regex -- HCL takes none of them as it is
      .replace(/[\u0000-\u001f\u007f]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`)
  );
}
