import { readdir, readFile, stat } from "node:fs/promises";
import * as path from "node:path";
import { sha256OfFiles } from "./sha256";

/** What a package of one of this project's Go modules is built from. */
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
 * Finds what the package in `directory` is built from: go.mod and go.sum of its module, the nearest one above; its own Go files; and those of the
 * packages of the same module that it imports. So an edit of one program of a module concerns no other. Embedded files are not
 * looked for: no package here has any, and one that had would not build.
 *
 * @param tests whether the package's tests are part of it
 */
export async function goSourcesOf(directory: string, tests = false): Promise<GoSources> {
  const module = await moduleOf(directory);
  const root = path.relative(module, directory);
  const name = /^module\s+(\S+)/m.exec(await readFile(path.join(module, "go.mod"), "utf8"))?.[1] ?? "";
  const files = (await readdir(module)).filter((file) => ["go.mod", "go.sum"].includes(file));
  const packages = new Set([root]);
  // What is added to a set while it is iterated over gets its turn, too.
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

/** The nearest directory, this one or one above, that has a go.mod. */
async function moduleOf(directory: string): Promise<string> {
  const found = await stat(path.join(directory, "go.mod")).catch(() => undefined);
  if (found !== undefined) return directory;
  const above = path.dirname(directory);
  if (above === directory) throw new Error("there is no go.mod in or above the directory of a Go package");
  return moduleOf(above);
}

/** Directories, relative to the module's, of the packages of that module which a Go file imports. */
function importsOf(source: string, module: string): string[] {
  const imports = source.matchAll(/^\s*(?:import\s+)?(?:[\w.]+\s+)?"([^"]+)"/gm);
  return [...imports].flatMap(([, name]) => (name.startsWith(`${module}/`) ? [name.slice(module.length + 1)] : []));
}
