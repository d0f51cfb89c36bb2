import { App, TerraformStack } from "cdktf";
import { ValidationError } from "../../lib";
import { EVERY_METHOD } from "./every-method";
import { EVERY_PROP } from "./every-prop";
import { EVERY_TEXT } from "./every-text";
import { LATE, ODD } from "./odd-values";
import { publicApi } from "./public-api";
import { DRAWN_INTERFACES } from "./random-input";

/** Interfaces of what the library answers or calls, not of what it is given. */
const ANSWERS = ["IEtcdCluster", "LeaderChoice", "LossReport", "PlacementAdvice", "ValidationErrorProps"];

/** An error that the library throws: its parts are its author's. */
const ERRORS = ["new ValidationError"];

const { interfaces, callables } = publicApi();

it("there are values for every prop of every interface that users fill in", () => {
  expect([...Object.keys(EVERY_PROP), ...ANSWERS].sort()).toEqual([...interfaces.keys()].sort());
  for (const [name, props] of Object.entries(EVERY_PROP)) {
    expect([name, Object.keys(props).sort()]).toEqual([name, [...(interfaces.get(name) ?? [])].sort()]);
  }
  expect([...DRAWN_INTERFACES].sort()).toEqual(Object.keys(EVERY_PROP).sort());
  expect(Object.keys(EVERY_TEXT).sort()).toEqual(Object.keys(EVERY_PROP).sort());
});

it("there are arguments for all that classes have to be called", () => {
  expect([...Object.keys(EVERY_METHOD), ...ERRORS].sort()).toEqual([...callables.keys()].sort());
  for (const [name, { args }] of Object.entries(EVERY_METHOD)) {
    // What a construct lies in is a matter of the package "constructs".
    const parameters = (callables.get(name) ?? []).filter((parameter) => parameter !== "scope");
    expect([name, args.length]).toEqual([name, parameters.length]);
  }
});

/** What is wrong with how a call ends; undefined where it returns, or refuses as it should. */
function problemOf(call: () => unknown): string | undefined {
  try {
    return Number.isNaN(call()) ? "it returned NaN" : undefined;
  } catch (error) {
    if (!(error instanceof ValidationError)) return String(error);
    return /^\S.*: given .+, expected .+; .+/s.test(error.message) ? undefined : error.message;
  }
}

describe("whatever it is called with, it works, or refuses with a reason:", () => {
  it.each(Object.entries(EVERY_METHOD))("%s", (_name, { args, on }) => {
    const newStack = (): TerraformStack => new TerraformStack(new App({ skipValidation: true }), "test");
    on(newStack())(...args);
    const stack = newStack();
    const called = on(stack);
    const odd = [...ODD, ...LATE.map((late) => late(stack))];
    const problems = args.flatMap((_, at) =>
      odd.flatMap((value, index) => {
        const problem = problemOf(() => called(...args.map((arg, other) => (other === at ? value : arg))));
        return problem === undefined ? [] : [`argument ${at}, odd value ${index}: ${problem}`];
      }),
    );
    expect(problems).toEqual([]);
  });
});
