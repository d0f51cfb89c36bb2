import * as path from "node:path";
import { Fn } from "cdktf";
import { literal, literals } from "../../lib/terraform/literal";
import { scratchDirectory } from "../templates/render";
import { evaluate, unknownYet } from "./evaluate";
import { nastyLines, SEED } from "./nasty-texts";

jest.setTimeout(120_000);

describe(`texts on their way into Terraform (seed ${SEED})`, () => {
  const scratch = scratchDirectory();
  const texts = [
    ...nastyLines(300),
    ...['"', '""', "\n", "a\nb\n", "\r\n", "\x01", "1e5", "-1.88e+289", "$", "%", "$$${", "%%%{", "${", "{", "#{x}"],
  ];
  const map = Object.fromEntries(texts.map((text, index) => [text, index % 2 === 0 ? text : index]));
  const mixed = (token: string): string[] => texts.map((text) => `${text}${token}${text}`);
  const noise = (["log", "warn", "error"] as const).map((method) => jest.spyOn(console, method).mockReturnValue());
  const made = evaluate(path.join(scratch, "texts"), (stack) => {
    const token = unknownYet(stack, "token", "T");
    return {
      plain: literals(texts),
      inside: Fn.reverse(Fn.reverse(literals(texts))),
      mixed: literals(mixed(token)),
      mixedInside: Fn.reverse(literals([...mixed(token)].reverse())),
      map: literals(map),
      mapInside: Fn.merge([literals(map), {}]),
    };
  });
  const said = noise.flatMap(({ mock }) => mock.calls.map((call) => call.join(" ")));

  it.each(["plain", "inside"])("arrive as they are: %s", (name) => {
    expect(made[name]).toEqual(texts);
  });

  it.each(["mixed", "mixedInside"])("arrive as they are around a token: %s", (name) => {
    expect(made[name]).toEqual(mixed("T"));
  });

  it.each(["map", "mapInside"])("arrive as they are as names of a map: %s", (name) => {
    expect(made[name]).toEqual(map);
  });

  it("are not printed on the way, as CDKTF does with what looks like a template: they may be secrets", () => {
    const secrets = texts.filter((text) => text.length > 8);
    expect(said.filter((line) => secrets.some((secret) => line.includes(secret)))).toEqual([]);
  });

  it("are left alone where Terraform takes them as they are, so that nothing changes for them", () => {
    const ordinary = ["etcd-lon1", "https://192.0.2.1:2379", "a b's", "two\nlines\n", "50 % of $5", "é"];
    expect(literals(ordinary)).toEqual(ordinary);
    expect(literals({ "/etc/etcd": [1, true, null] })).toEqual({ "/etc/etcd": [1, true, null] });
    expect(literal("")).toBe("");
  });
});
