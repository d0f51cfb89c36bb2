import * as path from "node:path";
import * as ts from "typescript";
import * as fc from "fast-check";
import { App, TerraformStack } from "cdktf";
import { ValidationError } from "../../lib";
import { EVERY_PROP } from "./every-prop";
import { DRAWN_INTERFACES, names, RandomInput, randomInput, runInput } from "./random-input";

/** How many inputs are tried, and from which seed; more by the environment. */
const RUNS = Number(process.env.CDKTF_ETCD_RANDOM_INPUTS ?? 1000);
const SEED = Number(process.env.CDKTF_ETCD_RANDOM_SEED ?? 20261130);

/** Interfaces of what the library answers or calls, not of what it is given. */
const ANSWERS = [
  "BootDownload",
  "IEtcdCluster",
  "LeaderChoice",
  "LossReport",
  "PlacementAdvice",
  "ValidationErrorProps",
];

/** What a host has as any construct. */
const OF_CONSTRUCTS = ["node", "with"];

/** The props of each interface that the library exports. */
function exportedInterfaces(): Map<string, string[]> {
  const index = path.resolve(__dirname, "..", "..", "lib", "index.ts");
  const program = ts.createProgram([index], {
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.CommonJS,
    moduleResolution: ts.ModuleResolutionKind.Node10,
    types: [],
  });
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(program.getSourceFile(index) as ts.Node);
  const found = new Map<string, string[]>();
  for (const symbol of checker.getExportsOfModule(module as ts.Symbol)) {
    const exported = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    if (!(exported.flags & ts.SymbolFlags.Interface)) continue;
    const props = checker.getDeclaredTypeOfSymbol(exported).getProperties();
    found.set(
      exported.name,
      props.map(({ name }) => name).filter((name) => !OF_CONSTRUCTS.includes(name)),
    );
  }
  return found;
}

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

it("there are values for every prop of every interface that users fill in", () => {
  const found = exportedInterfaces();
  expect([...Object.keys(EVERY_PROP), ...ANSWERS].sort()).toEqual([...found.keys()].sort());
  for (const [name, props] of Object.entries(EVERY_PROP)) {
    expect([name, Object.keys(props).sort()]).toEqual([name, (found.get(name) ?? []).sort()]);
  }
  expect([...DRAWN_INTERFACES].sort()).toEqual(Object.keys(EVERY_PROP).sort());
});

it(`${RUNS} random inputs synthesize, or are refused by a message that names a prop`, () => {
  const count: Record<Outcome, number> = { synthesized: 0, refused: 0 };
  fc.assert(
    fc.property(randomInput, (input) => {
      count[outcomeOf(input)]++;
    }),
    { numRuns: RUNS, seed: SEED, endOnFailure: true },
  );
  if (RUNS > 1000) console.log(`seed ${SEED}: ${JSON.stringify(count)}`);
  expect(count.synthesized).toBeGreaterThan(RUNS / 20);
  expect(count.refused).toBeGreaterThan(RUNS / 5);
}, 7_200_000);
