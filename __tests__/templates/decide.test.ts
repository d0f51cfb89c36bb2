import { runCommand } from "../tools";
import { plain, TEMPLATES } from "./render";

const FACTS = {
  data: ["none", "stump", "log"],
  born: ["yes", "no"],
  started: ["recorded", "otherwise", "existing"],
  learner: ["yes", "no"],
  recovery: ["none", "survivor", "follow"],
  founder: ["yes", "no"],
  company: ["yes", "no"],
  // What the others tell is known once they were asked.
  others: ["unasked", ...["elsewhere", "leaving", "nobody"].flatMap((one) => [`${one}:vacant`, `${one}:none`])],
} as const;

type Fact = keyof typeof FACTS;
type Case = Readonly<Record<Fact, string>> & { readonly decision: string };

const NAMES = Object.keys(FACTS) as Fact[];

/** Every combination of facts there is, with what the script that runs on the nodes makes of it. */
function everyCase(): Case[] {
  const loops = NAMES.map((name) => `for ${name} in ${FACTS[name].join(" ")}; do`);
  const script = [
    `. ${TEMPLATES}/rollout/decide.sh`,
    ...loops,
    "running=${others%:*} seat=${others#*:}",
    "decision=",
    "decide",
    `echo ${NAMES.map((name) => `$${name}`).join(" ")} "$decision"`,
    ...loops.map(() => "done"),
  ].join("\n");
  const { status, stdout, output } = runCommand("/bin/sh", ["-eu", "-c", script]);
  if (status !== 0) throw new Error(`decide.sh ended with ${status}:\n${output}`);
  return stdout
    .trim()
    .split("\n")
    .map((line) => {
      const words = line.split(" ");
      return { ...Object.fromEntries(NAMES.map((name, index) => [name, words[index]])), decision: words[NAMES.length] };
    }) as Case[];
}

/** The table that activate begins with: what stands in its columns, and the decision without its brackets. */
const TABLE = [...plain("rollout/activate.sh").matchAll(/^# {3}(?:log|stump|none) .*$/gm)].map(([line]) => {
  const [data, born, started, learner, recovery, founder, running, seat, company, decision] = line
    .slice(1)
    .trim()
    .split(/ +/);
  const others = `${running}:${seat}`;
  return { data, born, started, learner, recovery, founder, company, others, decision: decision.replace(/[()]/g, "") };
});

/** The first line of the table that fits a case. */
function lineOf(one: Case): (typeof TABLE)[number] | undefined {
  const fits = (cell: string, fact: string): boolean => cell === "-" || cell === fact;
  return TABLE.find((row) => {
    const cells = row.others.split(":");
    const told = one.others.split(":");
    return (
      cells.every((cell, index) => fits(cell, told[index])) &&
      NAMES.every((name) => name === "others" || fits(row[name], one[name]))
    );
  });
}

const cases = everyCase();
const decided = (...decisions: string[]): Case[] => cases.filter(({ decision }) => decisions.includes(decision));
const withData = (one: Case): boolean => one.data === "log";
const bornWithData = (one: Case): boolean => withData(one) && one.born === "yes";

describe("what activate decides, for every combination of facts", () => {
  it("is one of the things that it can do, and each of them for some", () => {
    expect(cases).toHaveLength(NAMES.reduce((count, name) => count * FACTS[name].length, 1));
    expect([...new Set(cases.map(({ decision }) => decision))].sort()).toEqual(
      [
        "ask",
        "carry-on",
        "clear",
        "found",
        "join-later",
        "join-now",
        "recover",
        "refuse",
        "refuse-recovery",
        "restart",
        "set-aside-before-recovery",
        "set-aside-unborn",
        "set-aside-without-log",
        "start-again",
      ].sort(),
    );
  });

  it("is what the table at the beginning of activate says, of which every line is needed", () => {
    expect(TABLE.length).toBeGreaterThan(15);
    for (const one of cases) expect({ ...one, decision: lineOf(one)?.decision }).toEqual(one);
    expect(new Set(cases.map(lineOf))).toEqual(new Set(TABLE));
  });

  it("founds only with a disk that was there when the record was made and never held the cluster's data", () => {
    for (const one of decided("found"))
      expect(one).toMatchObject({ data: "none", born: "no", founder: "yes", recovery: "none" });
  });

  it("does not found beside members that run a cluster, but for a seat in it that was never taken", () => {
    for (const one of decided("found").filter(({ others }) => others.startsWith("elsewhere"))) {
      expect(one).toMatchObject({ others: "elsewhere:vacant" });
    }
  });

  it("touches data that was part of a quorum only where the code says that a survivor's take their place", () => {
    const touching = decided(
      "set-aside-before-recovery",
      "set-aside-unborn",
      "set-aside-without-log",
      "clear",
      "found",
    );
    for (const one of touching.filter(bornWithData)) {
      expect(one).toMatchObject({ decision: "set-aside-before-recovery", recovery: "follow" });
    }
    for (const one of decided("set-aside-before-recovery"))
      expect(one).toMatchObject({ born: "yes", recovery: "follow" });
  });

  it("founds anew from the data of the survivor that is named, which has some, and of nobody else", () => {
    for (const one of decided("recover")) expect(one).toMatchObject({ data: "log", born: "yes", recovery: "survivor" });
    expect(cases.filter((one) => bornWithData(one) && one.recovery === "survivor")).toEqual(decided("recover"));
    // Without data it founds nothing, empty clusters included.
    for (const one of cases.filter(({ born, recovery }) => born === "no" && recovery === "survivor")) {
      expect(one.decision).toMatch(/^(refuse-recovery|carry-on|clear|ask|join-now)$/);
    }
  });

  it("has a member whose data belong to the cluster restart, and a learner carry on", () => {
    for (const one of cases.filter((each) => bornWithData(each) && each.recovery === "none")) {
      expect(one).toMatchObject({
        decision: one.started === "existing" && one.learner === "yes" ? "carry-on" : "restart",
      });
    }
  });

  it("asks the others before it does anything without data, and only then", () => {
    for (const one of cases.filter(({ data }) => data === "none")) {
      expect(one.decision === "ask").toBe(one.others === "unasked");
    }
    for (const one of decided("ask")) expect(one).toMatchObject({ data: "none", others: "unasked" });
  });

  it("joins whoever runs the cluster, and waits for the others if nobody does", () => {
    for (const one of decided("join-now")) expect(one.others).not.toMatch(/^(nobody|unasked)/);
    for (const one of decided("join-later"))
      expect(one).toMatchObject({ others: expect.stringMatching(/^nobody/) as unknown, company: "yes" });
    for (const one of decided("refuse"))
      expect(one).toMatchObject({ others: expect.stringMatching(/^nobody/) as unknown, company: "no" });
  });

  it("comes to an end: what is set aside leaves no data, and without data there is an end", () => {
    for (const one of cases.filter(({ decision }) => /^(set-aside|clear)/.test(decision)))
      expect(one.data).not.toBe("none");
  });
});
