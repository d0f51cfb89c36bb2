import { existsSync, readFileSync } from "node:fs";
import * as path from "node:path";

import { Ajv, type ValidateFunction } from "ajv";
import addFormats from "ajv-formats";
import { parse } from "yaml";

import type { SentAnswer } from "../../../../../../lab/clouds/digitalocean/api/http";

/** Names the file, in JSON or YAML. */
export const VARIABLE = "DIGITALOCEAN_OPENAPI";
const BESIDE_THE_REPOSITORY = path.join("..", "shared", "digitalocean-openapi.json");
const ROOT = path.join(__dirname, "..", "..", "..", "..", "..", "..");

/** Where the document is known to be wrong about the real API, and what is put right in it before it judges. */
const AMENDMENTS: readonly { readonly why: string; readonly amend: (document: Document) => void }[] = [
  {
    why: "its closed lists of regions are older than Atlanta and Richmond, which it names elsewhere",
    amend: (document) => {
      extendLists(document, "lon1", ["atl1", "ric1"]);
    },
  },
  {
    why: "DigitalOcean has images of AlmaLinux, which its list of distributions lacks",
    amend: (document) => {
      extendLists(document, "Rocky Linux", ["AlmaLinux"]);
    },
  },
];

interface Operation {
  readonly responses?: Readonly<Record<string, Response | Reference>>;
}
interface Response {
  readonly content?: Readonly<Record<string, unknown>>;
}
interface Reference {
  readonly $ref: string;
}
type Paths = Readonly<Record<string, Readonly<Record<string, Operation | undefined>>>>;
interface Document {
  readonly paths: Paths;
}

/** DigitalOcean's OpenAPI document, by which answers are judged. */
export class OpenApi {
  static find(): OpenApi | undefined {
    const named = process.env[VARIABLE];
    if (named !== undefined && named !== "") return OpenApi.read(named);
    const beside = path.join(ROOT, BESIDE_THE_REPOSITORY);
    return existsSync(beside) ? OpenApi.read(beside) : undefined;
  }

  private static read(file: string): OpenApi {
    const text = readFileSync(file, "utf8");
    return new OpenApi((file.endsWith(".json") ? JSON.parse(text) : parse(text)) as Document);
  }

  private readonly ajv: Ajv;
  private readonly templates: readonly { readonly template: string; readonly matches: RegExp }[];
  private readonly validators = new Map<string, ValidateFunction>();

  constructor(private readonly document: Document) {
    // Not strict: a schema of OpenAPI 3.0 has keywords of its own. Of these, ajv knows `nullable`.
    // Some patterns have escapes that are none with the flag "u".
    this.ajv = new Ajv({ strict: false, validateSchema: false, allErrors: true, logger: false, unicodeRegExp: false });
    addFormats(this.ajv);
    for (const { amend } of AMENDMENTS) amend(document);
    this.ajv.addSchema(document, "openapi");
    // What is literal in a path goes before what is not.
    this.templates = Object.keys(document.paths)
      .sort((a, b) => a.split("{").length - b.split("{").length)
      .map((template) => ({ template, matches: new RegExp(`^${template.replace(/\{[^}]+\}/g, "[^/]+")}$`) }));
  }

  /** What the document has otherwise, undefined if nothing. */
  deviation(answer: SentAnswer): string | undefined {
    const asked = `${answer.method} ${answer.path}: ${answer.status}`;
    const { pathname } = new URL(answer.path, "http://any");
    const template = this.templates.find(({ matches }) => matches.test(pathname))?.template;
    const method = answer.method.toLowerCase();
    const responses = template === undefined ? undefined : this.document.paths[template][method]?.responses;
    if (template === undefined || responses === undefined) {
      // Who may not come in is not told what there is.
      return [401, 404].includes(answer.status) ? undefined : `${asked}: the document has no such call`;
    }
    const status = String(answer.status) in responses ? String(answer.status) : "default";
    if (status === "default" && answer.status < 400) return `${asked}: the document has no such status`;
    const pointer = ["paths", template, method, "responses", status];
    const wrong = this.wrongIn(answer, this.resolve(pointer));
    return wrong === undefined ? undefined : `${asked}: ${wrong}`;
  }

  /** Where it is, once it is no reference. */
  private resolve(pointer: readonly string[]): readonly string[] {
    const { $ref } = this.at(pointer) as Partial<Reference>;
    if ($ref === undefined) return pointer;
    const [, ...steps] = $ref.split("/");
    return this.resolve(steps.map((step) => decodeURIComponent(step).replace(/~1/g, "/").replace(/~0/g, "~")));
  }

  private at(pointer: readonly string[]): unknown {
    return pointer.reduce<unknown>((value, step) => (value as Record<string, unknown>)[step], this.document);
  }

  private wrongIn(answer: SentAnswer, pointer: readonly string[]): string | undefined {
    const { content } = this.at(pointer) as Response;
    if (content === undefined) return answer.body === "" ? undefined : "there is a body, and the document has none";
    if (answer.body === "") return "there is no body, and the document has one";
    const validate = this.validator([...pointer, "content", "application/json", "schema"]);
    return validate(JSON.parse(answer.body)) ? undefined : this.ajv.errorsText(validate.errors, { dataVar: "" });
  }

  private validator(pointer: readonly string[]): ValidateFunction {
    const steps = pointer.map((step) => encodeURIComponent(step.replace(/~/g, "~0").replace(/\//g, "~1")));
    const $ref = `openapi#/${steps.join("/")}`;
    const known = this.validators.get($ref) ?? this.ajv.compile({ $ref });
    this.validators.set($ref, known);
    return known;
  }
}

/** Every closed list with some value in it. */
function extendLists(document: Document, value: string, more: readonly string[]): void {
  for (const { enum: values } of objectsIn(document)) {
    if (Array.isArray(values) && values.includes(value)) values.push(...more);
  }
}

function* objectsIn(value: unknown): Generator<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return;
  if (!Array.isArray(value)) yield value as Record<string, unknown>;
  for (const part of Object.values(value)) yield* objectsIn(part);
}

/** Undefined where it is not at hand. */
export const openApi = OpenApi.find();
