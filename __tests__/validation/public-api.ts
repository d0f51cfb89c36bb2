import * as path from "node:path";
import * as ts from "typescript";

/** What the library exports, by name. */
export interface PublicApi {
  /** Props of each interface. */
  readonly interfaces: ReadonlyMap<string, readonly string[]>;
  /** Whatever of a class takes arguments: `Class.method`, `new Class`, with their names. */
  readonly callables: ReadonlyMap<string, readonly string[]>;
}

/** What a host has as any construct. */
const OF_CONSTRUCTS = ["node", "with"];

/** Reads it from the sources, as the compiler does. */
export function publicApi(): PublicApi {
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
  const interfaces = new Map<string, string[]>();
  const callables = new Map<string, string[]>();
  for (const symbol of checker.getExportsOfModule(module as ts.Symbol)) {
    const exported = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    if (exported.flags & ts.SymbolFlags.Interface) {
      const props = checker.getDeclaredTypeOfSymbol(exported).getProperties();
      interfaces.set(
        exported.name,
        props.map(({ name }) => name).filter((name) => !OF_CONSTRUCTS.includes(name)),
      );
    }
    for (const declaration of exported.declarations ?? []) {
      if (!ts.isClassDeclaration(declaration)) continue;
      for (const member of declaration.members.filter(isPublic)) {
        const parameters = member.parameters.map(({ name }) => name.getText());
        const name = ts.isConstructorDeclaration(member)
          ? `new ${exported.name}`
          : `${exported.name}.${member.name.getText()}`;
        if (parameters.length > 0) callables.set(name, parameters);
      }
    }
  }
  return { interfaces, callables };
}

function isPublic(member: ts.ClassElement): member is ts.MethodDeclaration | ts.ConstructorDeclaration {
  if (!ts.isMethodDeclaration(member) && !ts.isConstructorDeclaration(member)) return false;
  const flags = ts.getCombinedModifierFlags(member);
  if (flags & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected)) return false;
  return !(ts.isMethodDeclaration(member) && member.name.getText().startsWith("_"));
}
