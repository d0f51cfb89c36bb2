import { Fn, IResolvable, IResolveContext, Token } from "cdktf";

/** What CDKTF writes for a token within a string. */
const TOKEN = /(\$\{TfToken\[[a-zA-Z0-9:._-]+\]\})/;

/** What CDKTF would not write as it is: of all that has a meaning in Terraform, it escapes line breaks and `${` alone. */
// eslint-disable-next-line no-control-regex -- a text may hold any of them
const SYNTAX = /["\\\x00-\x09\x0b-\x1f\x7f]|[$%]\{/;

/** What CDKTF puts into a string of its HCL form as it is. */
// eslint-disable-next-line no-control-regex -- a text may hold any of them
const UNESCAPED = /[\\\x00-\x1f\x7f]/;

/** The text where strings have no quotes, as in Terraform's JSON files. */
function template(text: string): string {
  return text.replace(/[$%](?=\{)/g, "$&$&");
}

/** The text as a string of Terraform's language, with its quotes. */
function quoted(text: string): string {
  const escape = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  const escaped = text
    .replace(/[\\"]/g, "\\$&")
    .replace(/\n/g, "\\n")
    // eslint-disable-next-line no-control-regex -- a text may hold any of them
    .replace(/[\x00-\x1f\x7f]/g, escape)
    // Not as "$${": where CDKTF sees "${" in a function's argument, it prints the whole argument, a secret or not.
    .replace(/[$%](?=\{)/g, escape);
  return `"${escaped}"`;
}

/** A text that means exactly itself, within an expression of Terraform's as outside of one. */
class Literal implements IResolvable {
  public readonly creationStack: string[] = [];

  /** @param produce called when the stack is synthesized */
  public constructor(private readonly produce: () => string) {}

  public resolve(context: IResolveContext): string {
    const text = this.produce();
    // Braces are suppressed within an expression.
    if (context.suppressBraces === true) return quoted(text);
    // CDKTF's HCL form escapes these in expressions alone.
    return UNESCAPED.test(text) ? `\${${quoted(text)}}` : template(text);
  }

  public toString(): string {
    return Token.asString(this);
  }

  /** Errors show values as JSON, and this one may be a secret. */
  public toJSON(): string {
    return "<text>";
  }
}

/**
 * An expression about a text that holds tokens. CDKTF's own functions resolve each argument twice per level, and print
 * arguments that mix texts and tokens.
 */
class Expression implements IResolvable {
  public readonly creationStack: string[] = [];

  public constructor(
    private readonly text: string,
    private readonly about: (expression: string) => string,
  ) {}

  public resolve(context: IResolveContext): string {
    const within = context.suppressBraces === true;
    context.suppressBraces = true;
    const pieces = piecesOf(this.text).map((piece) =>
      TOKEN.test(piece) ? String(context.resolve(piece)) : quoted(piece),
    );
    const expression = this.about(pieces.length === 1 ? pieces[0] : `join("", [${pieces.join(", ")}])`);
    return within ? expression : `\${${expression}}`;
  }

  public toString(): string {
    return Token.asString(this);
  }

  public toJSON(): string {
    return "<expression>";
  }
}

/** Texts and tokens by turns. */
function piecesOf(text: string): string[] {
  return text.split(TOKEN).filter((piece) => piece !== "");
}

/** A text, with or without tokens in it, as Terraform takes it. One that needs no escaping stays as it is. */
export function literal(text: string): string {
  const pieces = piecesOf(text);
  const hasSyntax = (piece: string, index: number): boolean =>
    // With the brace of the token after it, a "$" or "%" at the end would be one.
    !TOKEN.test(piece) && (SYNTAX.test(piece) || (index < pieces.length - 1 && /[$%]$/.test(piece)));
  if (!pieces.some(hasSyntax)) return text;
  return (pieces.length === 1 ? new Literal(() => text) : new Expression(text, (joined) => joined)).toString();
}

/**
 * A text that is known only once all is declared, as Terraform takes it. Unlike CDKTF's lazy values it may stand among the
 * arguments of a function.
 *
 * @param produce returns a text without tokens
 */
export function lateLiteral(produce: () => string): string {
  return new Literal(produce).toString();
}

/**
 * A value with all texts in it as Terraform takes them, the names in maps among them. Whatever does not come from this
 * library's own code goes through here on its way into a function, a local or an output of Terraform's.
 */
export function literals(value: unknown): unknown {
  if (typeof value === "string") return literal(value);
  if (Array.isArray(value)) return (value as unknown[]).map(literals);
  if (typeof value !== "object" || value === null || Token.isUnresolved(value)) return value;
  const entries = Object.entries(value).filter(([, one]) => one !== undefined);
  const names = entries.map(([name]) => name);
  const values = entries.map(([, one]) => literals(one));
  // CDKTF escapes nothing in a map's names.
  return names.some((name) => SYNTAX.test(name) || name.includes("\n"))
    ? (Fn.zipmap(names.map(literal), values) as unknown)
    : Object.fromEntries(names.map((name, index) => [name, values[index]]));
}

/**
 * What Terraform makes of a text that holds tokens, once it knows them.
 *
 * @param about makes an expression of Terraform's out of the one for the text
 */
export function expressionAbout(text: string, about: (expression: string) => string): string {
  return new Expression(text, about).toString();
}

/** The text as a string of Terraform's language, for an expression that is written as text. */
export const inExpression = quoted;
