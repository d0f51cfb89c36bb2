import { invalid, unprocessable } from "./errors";

/** Reads a JSON body field by field; a wrong field becomes a 422 that names it. `null` counts as absent, as in Go. */
export class Body {
  private constructor(
    private readonly fields: Readonly<Record<string, unknown>>,
    private readonly path: string,
  ) {}

  static of(value: unknown, path = ""): Body {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw path === ""
        ? unprocessable("The request needs a body that is a JSON object")
        : invalid(path, value, "an object");
    }
    return new Body(value as Record<string, unknown>, path === "" ? "" : `${path}.`);
  }

  name(field: string): string {
    return `${this.path}${field}`;
  }

  has(field: string): boolean {
    return this.raw(field) !== undefined;
  }

  raw(field: string): unknown {
    const value = Object.hasOwn(this.fields, field) ? this.fields[field] : undefined;
    return value === null ? undefined : value;
  }

  /** A string that is present and not empty. */
  string(field: string, check?: (text: string) => boolean, expected = "a string that is not empty"): string {
    const text = this.optionalString(field, check, expected);
    if (text === undefined || text === "") throw invalid(this.name(field), this.raw(field), expected);
    return text;
  }

  optionalString(field: string, check?: (text: string) => boolean, expected = "a string"): string | undefined {
    const value = this.raw(field);
    if (value === undefined) return undefined;
    if (typeof value !== "string" || (value !== "" && check && !check(value))) {
      throw invalid(this.name(field), value, expected);
    }
    return value;
  }

  integer(field: string, least: number, most: number): number {
    const value = this.optionalInteger(field, least, most);
    if (value === undefined) throw invalid(this.name(field), undefined, integerBetween(least, most));
    return value;
  }

  optionalInteger(field: string, least: number, most: number): number | undefined {
    const value = this.raw(field);
    if (value === undefined) return undefined;
    if (typeof value !== "number" || !Number.isInteger(value) || value < least || value > most) {
      throw invalid(this.name(field), value, integerBetween(least, most));
    }
    return value;
  }

  number(field: string): number {
    const value = this.raw(field);
    if (typeof value !== "number") throw invalid(this.name(field), value, "a number");
    return value;
  }

  boolean(field: string, absent = false): boolean {
    const value = this.raw(field);
    if (value === undefined) return absent;
    if (typeof value !== "boolean") throw invalid(this.name(field), value, "true or false");
    return value;
  }

  oneOf<T extends string>(field: string, allowed: readonly T[]): T {
    const value = this.raw(field);
    const found = allowed.find((one) => one === value);
    if (found === undefined) throw invalid(this.name(field), value, `one of ${allowed.join(", ")}`);
    return found;
  }

  /** The items, each with its name for error messages; none if the field is absent. */
  list(field: string): { readonly name: string; readonly value: unknown }[] {
    const value = this.raw(field);
    if (value === undefined) return [];
    if (!Array.isArray(value)) throw invalid(this.name(field), value, "an array");
    return value.map((item: unknown, index) => ({ name: `${this.name(field)}[${index}]`, value: item }));
  }

  strings(field: string): string[] {
    return this.list(field).map(({ name, value }) => {
      if (typeof value !== "string") throw invalid(name, value, "a string");
      return value;
    });
  }

  integers(field: string): number[] {
    return this.list(field).map(({ name, value }) => {
      if (typeof value !== "number" || !Number.isInteger(value)) throw invalid(name, value, "an integer");
      return value;
    });
  }

  objects(field: string): Body[] {
    return this.list(field).map(({ name, value }) => Body.of(value, name));
  }

  object(field: string): Body {
    return Body.of(this.raw(field), this.name(field));
  }
}

function integerBetween(least: number, most: number): string {
  return `an integer from ${least} to ${most}`;
}
