/** Whether a pattern matches: `*` is anything within a name, `**` anything at all, `{a,b}` one of several. */
export function matches(patterns: readonly string[], file: string): boolean {
  return patterns.some((pattern) => expressionFor(pattern).test(file));
}

/** The patterns that one with braces stands for, for example "lib/a.ts" and "lib/b.ts" for "lib/{a,b}.ts". */
export function alternatives(pattern: string): string[] {
  const braces = /^(.*?)\{(.*?)\}(.*)$/.exec(pattern);
  if (braces === null) return [pattern];
  const [, before, names, after] = braces;
  return names.split(",").flatMap((name) => alternatives(`${before}${name}${after}`));
}

const SPECIAL = /\*\*\/|\*\*|\*|[.+?^$()|[\]\\]/g;
const MEANING: Readonly<Partial<Record<string, string>>> = { "**/": "(?:.*/)?", "**": ".*", "*": "[^/]*" };

const expressions = new Map<string, RegExp>();

function expressionFor(pattern: string): RegExp {
  const known = expressions.get(pattern);
  if (known !== undefined) return known;
  const sources = alternatives(pattern).map((one) => one.replace(SPECIAL, (part) => MEANING[part] ?? `\\${part}`));
  const expression = new RegExp(`^(?:${sources.join("|")})$`);
  expressions.set(pattern, expression);
  return expression;
}
