import { didYouMean, nearMatches } from "../near-matches";
import { ValidationError } from "../validation-error";
import { FormerProps, requireNoFormerProps } from "./former";
import { kindOf, shown } from "./shown";
import { isLate, isLateList, tooLate } from "./tokens";

/**
 * Throws a ValidationError unless a value is of the kind that it stands for. Compilers see to that in TypeScript; who
 * writes JavaScript, Python or YAML may give anything.
 *
 * @param what the value's path, as the user typed it: `backup.storage.endpoint`
 */
export type Reader = (what: string, value: unknown) => void;

/** A prop that must be given. */
export interface RequiredProp {
  readonly required: Reader;
}

/** A reader for each prop of an interface; the compiler finds the one that is forgotten. */
export type ShapeOf<Props> = {
  readonly [Prop in keyof Props]-?: undefined extends Props[Prop] ? Reader : RequiredProp;
};

/** A prop that must be given. */
export function required(reader: Reader): RequiredProp {
  return { required: reader };
}

function wrong(what: string, given: string, expected: string, mend: string): ValidationError {
  return new ValidationError({ what, given, expected, mend });
}

/** A value of a kind that `typeof` tells, known now. */
function plain(type: "string" | "number" | "boolean", expected: string, mend: string): Reader {
  return (what, value) => {
    if (isLate(value)) throw tooLate(what, expected);
    if (typeof value !== type) throw wrong(what, shown(value), expected, mend);
  };
}

/** The same, or a value of that kind that only Terraform will know: what stands for it is of the kind, too. */
function orLate(type: "string" | "number", reader: Reader): Reader {
  return (what, value) => {
    if (typeof value === type && isLate(value)) return;
    reader(what, value);
  };
}

/** A text in the code. */
export const text: Reader = plain("string", "a text", "write it in quotes");
/** A text in the code, or one that only Terraform will know. */
export const lateText: Reader = orLate("string", text);
/** True or false in the code. */
export const flag: Reader = plain("boolean", "true or false", "write true or false, without quotes");
/** A number in the code; whether it is in range is for who knows the range. */
export const number: Reader = plain("number", "a number", "write it as a number, without quotes");
/** A number in the code, neither NaN nor infinite. */
export const finite: Reader = (what, value) => {
  number(what, value);
  if (!Number.isFinite(value)) throw wrong(what, String(value), "a number", "see where it was computed");
};
/** A number in the code, or one that only Terraform will know. */
export const lateNumber: Reader = orLate("number", finite);
/** An object of a kind that is told by one of its properties: other copies of a package have classes of their own. */
export function having(property: string, expected: string, mend: string): Reader {
  return (what, value) => {
    if (typeof value === "object" && value !== null && property in value) return;
    throw wrong(what, shown(value), expected, mend);
  };
}
/** A function. */
export const callable: Reader = (what, value) => {
  if (typeof value !== "function") throw wrong(what, kindOf(value), "a function", "implement it");
};

/** A text that no message shows, in the code or known to Terraform alone. */
export const secret: Reader = (what, value) => {
  if (typeof value === "string") return;
  throw wrong(
    what,
    kindOf(value),
    "a text",
    "give it as a TerraformVariable marked sensitive, so that it stands in no code",
  );
};

/** One of an enum's values. */
export function oneOf(values: Readonly<Record<string, string>>, name: string): Reader {
  const names = Object.keys(values).map((key) => `${name}.${key}`);
  return (what, value) => {
    if (typeof value === "string" && Object.values(values).includes(value)) return;
    if (isLate(value)) throw tooLate(what, `a ${name}`);
    const given = typeof value === "string" ? value : "";
    const near = Object.keys(values).filter((key) => nearMatches(given, [key, values[key]]).length > 0);
    throw wrong(
      what,
      shown(value),
      `one of ${names.join(", ")}`,
      didYouMean(
        near.map((key) => `${name}.${key}`),
        names,
      ),
    );
  };
}

/** An object of a class. `example` makes one: `EtcdVersion.of("3.6.14")`. */
export function instance(type: { readonly prototype: object; readonly name: string }, example: string): Reader {
  return (what, value) => {
    if (Object.prototype.isPrototypeOf.call(type.prototype, Object(value))) return;
    // Another copy of this library has classes of its own.
    if (className(value) === type.name) return;
    throw wrong(what, shown(value), `an object of the class ${type.name}`, `make one: ${example}`);
  };
}

function className(value: unknown): string | undefined {
  const { constructor } = Object(value) as { readonly constructor?: { readonly name?: string } };
  return constructor?.name;
}

/** A list in the code, each item of which the reader takes. */
export function list(item: Reader): Reader {
  return (what, value) => {
    if (isLateList(value)) throw tooLate(what, "a list");
    if (!Array.isArray(value)) throw wrong(what, shown(value), "a list", `write it in brackets: ${what}: [...]`);
    // Not forEach: a list may have holes.
    for (const [index, one] of value.entries()) item(`${what}[${index}]`, one);
  };
}

/** A list, in the code or known to Terraform alone. */
export function lateList(item: Reader): Reader {
  return (what, value) => {
    if (!(Array.isArray(value) && value.length === 1 && isLateList(value))) list(item)(what, value);
  };
}

/** An object with names of the user's as its keys. */
export function record(item: Reader): Reader {
  return (what, value) => {
    for (const [key, one] of Object.entries(requireObject(what, value))) {
      if (one !== undefined) item(`${what}.${key}`, one);
    }
  };
}

/** What is said of a shape beside its props. */
interface ShapeOptions {
  /** Whether it may have more props: an interface's implementation has. */
  readonly others?: boolean;
  /** Props that it had in earlier versions. */
  readonly former?: FormerProps;
}

/** An object with these props. */
export function shape<Props>(props: ShapeOf<Props>, { others = false, former = {} }: ShapeOptions = {}): Reader {
  const readers = new Map(Object.entries<Reader | RequiredProp>(props));
  return (what, value) => {
    const path = (prop: string): string => (what === "" ? prop : `${what}.${prop}`);
    const given = requireObject(what === "" ? "props" : what, value) as Readonly<Record<string, unknown>>;
    requireNoFormerProps(path, given, former);
    if (!others) requireKnownProps(path, given, [...readers.keys()]);
    for (const [prop, reader] of readers) {
      const one = given[prop];
      if (typeof reader !== "function") reader.required(path(prop), one);
      else if (one === null) throw wrong(path(prop), "null", "a value, or none", "leave it out for the default");
      else if (one !== undefined) reader(path(prop), one);
    }
  };
}

function requireKnownProps(path: (prop: string) => string, given: object, known: string[]): void {
  for (const [prop, value] of Object.entries(given)) {
    if (known.includes(prop) || value === undefined) continue;
    const mend = didYouMean(nearMatches(prop, known), known);
    throw wrong(path(prop), "a prop that does not exist", "a known one", mend);
  }
}

function requireObject(what: string, value: unknown): object {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw wrong(what, shown(value), "an object", `write it in braces: ${what}: { ... }`);
  }
  if (isLate(value)) throw tooLate(what, "an object");
  return value;
}

/** Reads what a constructor or method is given: each argument by its name. `undefined` is for optional ones. */
export function read(what: string, value: unknown, reader: Reader | RequiredProp): void {
  if (typeof reader !== "function") reader.required(what, value);
  else if (value !== undefined) reader(what, value);
}
