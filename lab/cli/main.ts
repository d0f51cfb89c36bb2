/** The command line of a lab that a file defines: lab.config.ts, .js or .json in the working directory, or --config FILE. */
import { existsSync } from "node:fs";
import * as path from "node:path";
import type { LabDefinition } from "../definition";
import { ToolError } from "../tools/tool-error";
import { labProgram } from "./program";

const NAMES = ["lab.config.ts", "lab.config.js", "lab.config.json"];

/** @throws ToolError if there is no such file, or it exports no definition */
async function load(given?: string): Promise<LabDefinition> {
  const file = (given === undefined ? NAMES : [given]).map((name) => path.resolve(name)).find(existsSync);
  if (file === undefined) {
    throw new ToolError(
      given === undefined ? `There is no ${NAMES.join(", ")} in ${process.cwd()}.` : `There is no ${given}.`,
      "Write one that exports a LabDefinition as its default, or name it with --config FILE.",
    );
  }
  let found = (await import(file)) as { readonly default?: unknown };
  // A module compiled to CommonJS has its default export one level deeper.
  while (typeof found.default === "object" && found.default !== null) found = found.default;
  const definition = found as Partial<LabDefinition>;
  if (Array.isArray(definition.distances)) return definition as LabDefinition;
  throw new ToolError(
    `${file} exports no definition of a lab.`,
    'Export, as its default, an object with at least `distances`: [{ a: "lon1", b: "nyc3", rttMs: 70 }].',
  );
}

async function main(): Promise<void> {
  // --config is taken only before the verb: what follows belongs to the program.
  const [first, second] = process.argv.slice(2);
  const inline = /^--config=(.+)$/.exec(first)?.[1];
  const given = inline ?? (first === "--config" ? second : undefined);
  if (given !== undefined) process.argv.splice(2, inline === undefined ? 2 : 1);
  await labProgram(await load(given)).run();
}

main().catch((error: unknown) => {
  console.error(error instanceof ToolError ? `error: ${error.message}` : error);
  process.exitCode = 1;
});
