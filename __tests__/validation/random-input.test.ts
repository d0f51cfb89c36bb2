import * as fc from "fast-check";
import { App, TerraformStack } from "cdktf";
import { ValidationError } from "../../lib";
import { names, RandomInput, randomInput, runInput, SEED } from "./random-input";

/** How many inputs are tried; more by the environment. */
const RUNS = Number(process.env.CDKTF_ETCD_RANDOM_INPUTS ?? 1000);

/** What became of an input. */
type Outcome = "synthesized" | "refused";

function outcomeOf(input: RandomInput): Outcome {
  const stack = new TerraformStack(new App({ skipValidation: true }), "test");
  try {
    runInput(stack, input);
    stack.prepareStack();
    JSON.stringify(stack.toTerraform());
    return "synthesized";
  } catch (error) {
    // Anything else is a bug: a raw error of JavaScript or of CDKTF.
    if (!(error instanceof ValidationError)) throw error;
    expect(error.message).toMatch(/^\S.*: given .+, expected .+; .+/s);
    if (!names(error.message, input)) throw new Error(`no prop that was given is named in: ${error.message}`);
    return "refused";
  }
}

it(`${RUNS} random inputs synthesize, or are refused by a message that names a prop`, () => {
  const count: Record<Outcome, number> = { synthesized: 0, refused: 0 };
  // CDKTF warns of texts that hold tokens, each time with all of the stack's trace.
  const warn = jest.spyOn(console, "warn").mockReturnValue();
  fc.assert(
    fc.property(randomInput, (input) => {
      count[outcomeOf(input)]++;
    }),
    { numRuns: RUNS, seed: SEED, endOnFailure: true },
  );
  warn.mockRestore();
  if (RUNS > 1000) console.log(`seed ${SEED}: ${JSON.stringify(count)}`);
  expect(count.synthesized).toBeGreaterThan(RUNS / 20);
  expect(count.refused).toBeGreaterThan(RUNS / 5);
}, 7_200_000);
