import { readdir, readFile, stat } from "node:fs/promises";
import * as path from "node:path";
import { sha256OfFiles } from "./sha256";

/** The sources of a package in one of this repository's Go modules. */
export interface GoSources {
  /** Directory of the module. */
  readonly module: string;
  /** The package within the module, as the go command takes it, for example "./wan/switch". */
  readonly package: string;
  /** Paths relative to the module's directory. */
  readonly files: readonly string[];
  /** Hash of these files' names and contents. */
  readonly hash: string;
}

/**
 * Finds the sources of the package in `directory`: go.mod and go.sum of its module, which is the nearest one above; its
 * own Go files; and those of the packages of the same module that it imports. So editing one program of a module does
 * not rebuild the others. Embedded files are not looked for: no package here has any, and one that had would not build.
 *
 * @param tests whether to include the package's tests
 */
export async function goSourcesOf(directory: string, tests = false): Promise<GoSources> {
  const module = await moduleOf(directory);
  const root = path.relative(module, directory);
  const name = /^module\s+(\S+)/m.exec(await readFile(path.join(module, "go.mod"), "utf8"))?.[1] ?? "";
  const files = (await readdir(module)).filter((file) => ["go.mod", "go.sum"].includes(file));
  const packages = new Set([root]);
  // A set's iteration includes what is added to the set meanwhile.
  for (const one of packages) {
    for (const file of await readdir(path.join(module, one))) {
      if (!file.endsWith(".go") || (file.endsWith("_test.go") && !(tests && one === root))) continue;
      files.push(path.join(one, file));
      for (const imported of importsOf(await readFile(path.join(module, one, file), "utf8"), name)) {
        packages.add(imported);
      }
    }
  }
  files.sort();
  const hash = (await sha256OfFiles(module, files)).slice(0, 12);
  return { module, package: `./${root}`, files, hash };
}

/** The nearest directory with a go.mod, this one or one above. */
async function moduleOf(directory: string): Promise<string> {
  const found = await stat(path.join(directory, "go.mod")).catch(() => undefined);
  if (found !== undefined) return directory;
  const above = path.dirname(directory);
  if (above === directory) throw new Error("there is no go.mod in or above the directory of a Go package");
  return moduleOf(above);
}

/** The packages of a module that a Go file imports, as directories relative to the module's. */
function importsOf(source: string, module: string): string[] {
  const imports = source.matchAll(/^\s*(?:import\s+)?(?:[\w.]+\s+)?"([^"]+)"/gm);
  return [...imports].flatMap(([, name]) => (name.startsWith(`${module}/`) ? [name.slice(module.length + 1)] : []));
}
