import { readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { preProcessFile } from "typescript";

const PROOFS = path.resolve(__dirname, "..", "..", "proofs");

/** Folders and files of proofs/, from the top to the bottom: each imports only from layers below its own. */
const LAYERS: readonly (readonly string[])[] = [
  ["bench", "campaign", "demo.ts", "suite"],
  ["operations"],
  ["harness.ts"],
  ["lab-cluster.ts", "rig"],
  ["apps", "etcd", "exploration", "figures", "probe", "recording", "workload"],
  ["earlier-checkout.ts", "go-client.ts", "machine-packages.ts", "random.ts"],
];

/** The folder of proofs/ that a file is in, or the file itself if it is in none. */
const partOf = (file: string): string => path.relative(PROOFS, file).split(path.sep)[0];
const layerOf = (part: string): number => LAYERS.findIndex((layer) => layer.includes(part));

const sources = readdirSync(PROOFS, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .map((file) => path.join(PROOFS, file));

it("names every part of proofs/ that has TypeScript in it", () => {
  expect([...new Set(sources.map(partOf))].sort()).toEqual(LAYERS.flat().sort());
});

it("has no part of proofs/ import from one beside or above it", () => {
  const upward = sources.flatMap((file) =>
    preProcessFile(readFileSync(file, "utf8"))
      .importedFiles.map(({ fileName }) => path.resolve(path.dirname(file), fileName))
      .flatMap(
        (imported) => sources.find((one) => one === `${imported}.ts` || one === path.join(imported, "index.ts")) ?? [],
      )
      .filter((imported) => partOf(imported) !== partOf(file) && layerOf(partOf(imported)) <= layerOf(partOf(file)))
      .map((imported) => `${path.relative(PROOFS, file)} imports ${path.relative(PROOFS, imported)}`),
  );
  expect(upward).toEqual([]);
});
