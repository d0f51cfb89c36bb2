import { TerraformStack, TerraformVariable } from "cdktf";
import * as fc from "fast-check";

/** A value that may need the stack in which it is used: what only Terraform knows is one of its variables. */
export type Made = (stack: TerraformStack) => unknown;

const now =
  (value: unknown): Made =>
  () =>
    value;

/** The variable of that type. A stack has one of each. */
function variable(stack: TerraformStack, type: string): TerraformVariable {
  const id = `late-${type.replace(/\W/g, "-")}`;
  return (stack.node.tryFindChild(id) as TerraformVariable | undefined) ?? new TerraformVariable(stack, id, { type });
}

/** What only Terraform will know: a text, a number, a list, and what is of no type that props have. */
export const LATE: readonly Made[] = [
  (stack) => variable(stack, "string").stringValue,
  (stack) => variable(stack, "number").numberValue,
  (stack) => variable(stack, "list(string)").listValue,
  (stack) => [variable(stack, "string").stringValue],
  (stack) => variable(stack, "bool").booleanValue,
  (stack) => variable(stack, "map(string)").value as unknown,
];

/** What somebody may type who has no compiler. */
export const ODD: readonly unknown[] = [
  ...[null, true, false, "", " ", "no", "yes", "76", "x", "Montag", "vpc", "~/x", "../x", "a\nETCD_NAME=x", "a\u0000b"],
  ...[
    "${var.x}",
    "%{ if true }",
    "$(id)",
    '"',
    "\\",
    "🦉",
    "root",
    "etcd-lon1",
    "x".repeat(300),
    "0.0.0.0/0",
    "2001:db8::1",
  ],
  ...[Number.NaN, Number.POSITIVE_INFINITY, -1, -1.5, 0, 0.1, 1, 2, 99, 1e9, 2 ** 53, 10n],
  ...[[], [null], [[]], [""], ["lon1", "lon1"], [1], [{}], {}, { a: 1 }, { lon1: null }, new Date(0), /x/, new Map()],
  ...[Symbol("x"), (): number => 1, Object.create(null) as unknown, Buffer.from("x"), new Error("x")],
];

export const oddValue: fc.Arbitrary<Made> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...ODD).map(now) },
  { weight: 2, arbitrary: fc.constantFrom(...LATE) },
  { weight: 1, arbitrary: fc.string({ unit: "grapheme" }).map(now) },
  { weight: 1, arbitrary: fc.double().map(now) },
  { weight: 1, arbitrary: fc.anything().map(now) },
);

/** Any of these values as they are. */
export const any = (...values: readonly unknown[]): fc.Arbitrary<Made> => fc.constantFrom(...values).map(now);
/** A whole number. */
export const whole = (min: number, max: number): fc.Arbitrary<Made> => fc.integer({ min, max }).map(now);
