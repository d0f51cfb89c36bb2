import { mkdirSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import {
  environmentValue,
  loginName,
  plainName,
  rcloneValue,
  shellBare,
  shellWord,
  unitText,
  withoutFinalLineBreak,
  Written,
} from "../../lib/terraform/writers";
import { describeOnLinux, scratchDirectory } from "../templates/render";
import { find, runCommand } from "../tools";
import { evaluate, unknownYet } from "./evaluate";
import { nastyLines, SEED } from "./nasty-texts";

jest.setTimeout(120_000);

const LINES = nastyLines(500);
/**
 * What systemd parses files of variables with for users' environments. It expands "$", which it does not do for units, and
 * prints tabs and "~" so that a shell would read something else.
 */
const GENERATOR = "/usr/lib/systemd/user-environment-generators/30-systemd-environment-d-generator";
const describeWithSystemd = find("systemd-analyze") === undefined ? describe.skip : describeOnLinux;

describe(`writers (seed ${SEED})`, () => {
  const scratch = scratchDirectory();

  /** What the shell reads: each word is a variable's value, and what `printf` is given. */
  function readByShell(words: readonly string[]): string[] {
    const script = words.map((word) => `x=${word}\nprintf '%s\\0' "$x"\n`).join("");
    const { status, stdout, output } = runCommand("sh", ["-eu"], { input: script });
    expect([status, status === 0 ? "" : output]).toEqual([0, ""]);
    return stdout.split("\0").slice(0, -1);
  }

  it("of words for the shell are read by it as the texts were", () => {
    expect(readByShell(LINES.map(shellWord))).toEqual(LINES);
    expect(readByShell(["two\nlines", "'"].map(shellWord))).toEqual(["two\nlines", "'"]);
    expect(readByShell(LINES.map(shellBare))).toEqual(LINES);
  });

  it("of bare words have them stay one word each, and leave URLs and names alone", () => {
    const texts = LINES.filter((line) => line !== "");
    const { stdout } = runCommand("sh", ["-eu"], {
      input: `set -- ${texts.map(shellBare).join(" ")}\nfor one; do printf '%s\\0' "$one"; done`,
    });
    expect(stdout.split("\0").slice(0, -1)).toEqual(texts);
    for (const ordinary of ["https://192.0.2.1:2379", "etcd-lon1"]) expect(shellBare(ordinary)).toBe(ordinary);
  });

  describeWithSystemd("of systemd's variables", () => {
    it("are read by systemd as the texts were", () => {
      const texts = LINES.map((line) => line.replace(/[$\t~]/g, ""));
      const home = path.join(scratch, "environment.d");
      mkdirSync(home);
      const assignments = texts.map((text, index) => `V${index}=${environmentValue(text)}\n`);
      writeFileSync(path.join(home, "test.conf"), assignments.join(""));
      const { stdout } = runCommand(GENERATOR, [], { env: { XDG_CONFIG_HOME: scratch } });
      // It writes them for a shell.
      const read = runCommand("sh", ["-eu"], {
        input: `${stdout}\n${texts.map((_, index) => `printf '%s\\0' "\${V${index}-}"`).join("\n")}`,
      });
      expect(read.stdout.split("\0").slice(0, -1)).toEqual(texts);
    });

    it("leave alone what has been read right without quotes", () => {
      for (const ordinary of ["a b", "A=true,B=false", "it's", "https://192.0.2.1:2379", '{"a": "b"}', "#1", "$x"]) {
        expect(environmentValue(ordinary)).toBe(ordinary);
      }
    });
  });

  // As rclone 1.60.1 was seen to read them by `rclone config dump`; the story "backup" has it read one on a machine.
  it.each([
    [" lead", "` lead`"],
    ["trail\t", "`trail\t`"],
    ["`both`", "``both``"],
    ["`", "```"],
    ['"""three"""', '`"""three"""`'],
    ["\u00a0hard", "`\u00a0hard`"],
    ['"one"', '"one"'],
    ["#a;b=c:d $x${y}\\n é😀", "#a;b=c:d $x${y}\\n é😀"],
    ["50%", "50%"],
  ])("of rclone's options write %j as %j", (text, expected) => {
    expect(rcloneValue(text)).toBe(expected);
  });

  it("of units double what would be a specifier", () => {
    expect(unitText("50%h\nExecStart=x")).toBe("50%%h ExecStart=x");
  });

  it.each<[string, (text: string) => Written, string]>([
    ["another line", environmentValue, "info\nETCD_NAME=x"],
    ["another line", rcloneValue, "a\nendpoint = b"],
    ["another option", rcloneValue, "%(endpoint)s"],
    ["another option", rcloneValue, "%%(endpoint)s"],
    ["a pattern", loginName, "*"],
    ["PromQL", plainName, 'a"} or vector(1)'],
  ])("refuse %s without showing it", (_, writer, text) => {
    expect(() => writer(text)).toThrow(`a value for a file on the machines: given a text of ${text.length} characters`);
  });

  it("of texts that only Terraform knows write the same once it does", () => {
    const writers = { shellWord, shellBare, environmentValue, unitText };
    const options = LINES.filter((line) => !line.includes("%("));
    const made = evaluate(path.join(scratch, "tokens"), (stack) => {
      const tokens = LINES.map((line, index) => unknownYet(stack, `line-${index}`, line));
      return {
        ...Object.fromEntries(Object.entries(writers).map(([name, write]) => [name, tokens.map(write)])),
        rcloneValue: options.map((line) => rcloneValue(tokens[LINES.indexOf(line)])),
        ends: ["a \n", " a\r\n\n", "\ta"].map((text, index) =>
          withoutFinalLineBreak(unknownYet(stack, `end-${index}`, text)),
        ),
      };
    });
    for (const [name, write] of Object.entries(writers)) expect([name, made[name]]).toEqual([name, LINES.map(write)]);
    expect(made.rcloneValue).toEqual(options.map(rcloneValue));
    expect(made.ends).toEqual(["a ", " a", "\ta"]);
  });

  it("of texts that only Terraform knows have it fail where they refuse", () => {
    for (const [index, write] of [environmentValue, rcloneValue].entries()) {
      expect(() =>
        evaluate(path.join(scratch, `refused-${index}`), (stack) => ({
          one: write(unknownYet(stack, "text", "info\nETCD_NAME=x")),
        })),
      ).toThrow(/regex/);
    }
  });
});
