import { cpSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import * as library from "../lib";
import { scratchDirectory } from "./templates/render";
import { runCommand } from "./tools";

const REPOSITORY = path.resolve(__dirname, "..");

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly peerDependencies: Readonly<Record<string, string>>;
}

interface Assembly {
  readonly types: Readonly<Record<string, { readonly name: string; readonly kind: string }>>;
}

/** `clientAccess({ from: "nyc3" })` says what it means; jsii writes the keyword `from_` in Python. */
const ACCEPTED = /client-access\.ts:.*"from" is a reserved word in Python/;

/** Compiles a copy of lib/ with jsii, which publishes TypeScript to other languages, and so knows what these can't have. */
function compile(directory: string): { readonly findings: string; readonly assembly: () => Assembly } {
  const manifest = JSON.parse(readFileSync(path.join(REPOSITORY, "package.json"), "utf8")) as Manifest;
  const { name, version, description, license, peerDependencies } = manifest;
  cpSync(path.join(REPOSITORY, "lib"), path.join(directory, "lib"), { recursive: true });
  symlinkSync(path.join(REPOSITORY, "node_modules"), path.join(directory, "node_modules"));
  writeFileSync(path.join(directory, "README.md"), "");
  const people = { name, email: "nobody@example.com" };
  const fields = {
    main: "lib/index.js",
    types: "lib/index.d.ts",
    stability: "stable",
    author: people,
    repository: { type: "git", url: "https://example.com/repository.git" },
    jsii: { outdir: "dist", targets: {}, versionFormat: "full" },
    // jsii wants each peer as a devDependency too, at its lowest version.
    devDependencies: Object.fromEntries(
      Object.entries(peerDependencies).map(([peer, range]) => [peer, range.slice(1)]),
    ),
  };
  writeFileSync(
    path.join(directory, "package.json"),
    JSON.stringify({ name, version, description, license, peerDependencies, ...fields }),
  );
  const jsii = path.join(REPOSITORY, "node_modules", "jsii", "bin", "jsii");
  const { output } = runCommand(process.execPath, [jsii, "--no-fix-peer-dependencies"], {
    cwd: directory,
    env: { JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION: "1", JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION: "1" },
  });
  return {
    // The banner about node's own age is framed in exclamation marks.
    findings: output
      .split("\n")
      .filter((line) => /\b(error|warning)\b.*JSII\d+|\berror TS\d+/.test(line) && !ACCEPTED.test(line))
      .join("\n"),
    assembly: () => JSON.parse(readFileSync(path.join(directory, ".jsii"), "utf8")) as Assembly,
  };
}

describe("the public API", () => {
  const { findings, assembly } = compile(scratchDirectory());

  it("keeps the rules of jsii, down to the words that other languages reserve", () => {
    expect(findings).toBe("");
    // Nothing is found either where it could not begin.
    expect(assembly).not.toThrow();
  });

  it("is the same for other languages as for TypeScript, but for the class of its errors", () => {
    const classes = Object.values(assembly().types)
      .filter(({ kind }) => kind !== "interface")
      .map(({ name }) => name);
    expect([...classes, "ValidationError"].sort()).toEqual(Object.keys(library).sort());
  });
});
