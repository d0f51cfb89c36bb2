import { markdownTable } from "../figures/markdown";
import { type Answer, Verdict, verdictOf } from "./answers";

/** What each call came to, by who made it: verdicts in the order of the calls. */
export type Columns = ReadonlyMap<string, readonly Answer[]>;

const SERVICES: Readonly<Record<string, string>> = {
  KV: "Keys",
  Watch: "Watches",
  Lease: "Leases",
  "v3lockpb.Lock": "Locks and elections",
  "v3electionpb.Election": "Locks and elections",
  Cluster: "Members",
  Maintenance: "Maintenance",
  Auth: "Users and roles",
};

/** One table for each of etcd's services: a row for each call and case, a column for each who made it. */
export function tables(columns: Columns): string {
  const [calls] = columns.values();
  const sections = new Map<string, string[][]>();
  calls.forEach((answer, index) => {
    const title = SERVICES[serviceOf(answer)];
    const verdicts = [...columns.values()].map((answers) => verdictOf(answers[index]));
    sections.set(title, [...(sections.get(title) ?? []), [rowName(answer), ...verdicts]]);
  });
  return [...sections]
    .map(([title, rows]) => `### ${title}\n\n${markdownTable(["", ...columns.keys()], rows, "left")}`)
    .join("\n\n");
}

/** The calls, by their methods' names, that this one of those who made them may make in at least one case. */
export function openTo(answers: readonly Answer[]): string[] {
  return [...new Set(answers.filter((answer) => verdictOf(answer) === Verdict.YES).map(methodOf))].sort();
}

const serviceOf = ({ call }: Answer): string => call.split("/")[0];
const methodOf = ({ call }: Answer): string => call.split("/")[1];
const rowName = (answer: Answer): string =>
  answer.case === "" ? `\`${methodOf(answer)}\`` : `\`${methodOf(answer)}\` ${answer.case}`;

/** A part of a document that a test writes, between comments with its name. */
export class WrittenPart {
  public constructor(
    private readonly document: string,
    private readonly name: string,
  ) {}

  public get text(): string {
    return this.parts[1];
  }

  /** The document with another text in its place. */
  public with(text: string): string {
    const [before, , after] = this.parts;
    return `${before}${this.begin}\n\n${text}\n\n${this.end}${after}`;
  }

  private get parts(): [string, string, string] {
    const [from, to] = [this.document.indexOf(this.begin), this.document.indexOf(this.end)];
    if (from < 0 || to < from) throw new Error(`the document has no part "${this.name}"`);
    const text = this.document.slice(from + this.begin.length, to).trim();
    return [this.document.slice(0, from), text, this.document.slice(to + this.end.length)];
  }

  private get begin(): string {
    return `<!-- begin: ${this.name} -->`;
  }

  private get end(): string {
    return `<!-- end: ${this.name} -->`;
  }
}
