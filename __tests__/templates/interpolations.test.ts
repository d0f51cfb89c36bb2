import { plain, templateNames } from "./render";

/** A part of a template that Terraform fills in, and the quotes that it is between, if any. */
interface Interpolation {
  readonly expression: string;
  readonly quote: string;
  readonly line: string;
}

/** Where `text` is closed that begins after "${" at `from`. */
function endOf(text: string, from: number): number {
  let depth = 1;
  for (let at = from; at < text.length; at++) {
    if (text[at] === "{") depth++;
    if (text[at] === "}" && --depth === 0) return at;
  }
  throw new Error(`"\${" without an end: ${text}`);
}

function interpolationsOf(line: string): Interpolation[] {
  const found: Interpolation[] = [];
  const comment = line.trimStart().startsWith("#");
  let quote = "";
  for (let at = 0; at < line.length; at++) {
    if (line.startsWith("${", at) && line[at - 1] !== "$") {
      const end = endOf(line, at + 2);
      found.push({ expression: line.slice(at + 2, end), quote, line });
      at = end;
    } else if (!comment && (line[at] === "'" || line[at] === '"')) {
      if (quote === "") quote = line[at];
      else if (quote === line[at]) quote = "";
    }
  }
  return found;
}

/** What Terraform itself writes in the reader's form, or has none of the user's text in it. */
const BARE = [
  // A variable: TypeScript takes none but what lib/terraform/writers.ts has written, and numbers.
  /^\w+(\.\w+|\[key\])?$/,
  // Encoded, or a script.
  /^(base64encode|base64gzip|jsonencode|chomp)\(/,
  // Numbers, and words of the template's own.
  /^\(?\w+( \+ \w+\))? \/ 1000$/,
  /^format\("%02d", hour\)$/,
  /^join\(",", \[for hour in hours : format\("%02d", hour\)\]\)$/,
  /^\w+ \? "\w+" : "\w+"$/,
  /^weekday == "" \? "" : "\$\{weekday\} "$/,
  // Keys of SSH: Terraform fails at what the place can't hold.
  /^(replace\()?regex\("\^\[\S+\]\+\$", /,
];
/** As lib/terraform/writers.ts has it, where a text is put together in the template. */
const SHELL_WORD = /^replace\(.*, "'", "'\\\\''"\)$/;
const NUMBER = /^\w+_seconds$/;

function isWritten({ expression, quote }: Omit<Interpolation, "line">): boolean {
  if (quote === "'") return SHELL_WORD.test(expression);
  return (quote === "" || NUMBER.test(expression)) && BARE.some((one) => one.test(expression));
}

/** Names in it are what lib/terraform/writers.ts calls plain: no syntax in any of the three languages there. */
const ALERTS = "access/alerts.yaml.tftpl";

describe("templates", () => {
  const names = templateNames().filter((name) => name.endsWith(".tftpl"));

  it.each(names.filter((name) => name !== ALERTS))("%s leaves the quoting of texts to the writers", (name) => {
    const doubtful = plain(name)
      .split("\n")
      .flatMap(interpolationsOf)
      .filter((one) => !isWritten(one));
    expect(doubtful).toEqual([]);
  });

  it.each([
    "NODE='${name}'",
    'echo "${name}: yes"',
    "A=${trimspace(x)}",
    "${trimspace(key)} x",
    'A=\'${replace(x, "a", "b")}\'',
  ])("would not be let off with %s", (line) => {
    const [{ expression, quote }] = interpolationsOf(line);
    expect(isWritten({ expression, quote })).toBe(false);
  });
});
