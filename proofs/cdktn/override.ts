/** What is read of a package.json, and changed in it. */
export interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly overrides?: Readonly<Record<string, string>>;
}

/** The part of a package.json that an application needs. */
export type Override = Required<Pick<Manifest, "dependencies" | "overrides">>;

const SECTION = "## CDKTF is archived";

/** What README.md tells its readers to write. */
export function overrideIn(readme: string): Override {
  const section = readme.includes(SECTION) ? readme.slice(readme.indexOf(SECTION)) : "";
  const block = /```json\n([\s\S]*?)```/.exec(section)?.[1];
  if (block === undefined) throw new Error(`README.md has no package.json below "${SECTION}"`);
  const { dependencies, overrides } = JSON.parse(block) as Manifest;
  if (overrides?.cdktf === undefined || dependencies?.cdktf !== overrides.cdktf) {
    throw new Error("what README.md shows does not put one package in cdktf's place, in dependencies and overrides");
  }
  return { dependencies, overrides };
}

/** This project's own package.json with that in it, as an application that has its sources would have it. */
export function manifestUnder({ dependencies, overrides }: Override, own: Manifest): Manifest {
  // The command line of cdktf's brings cdktf along.
  const others = Object.entries(own.devDependencies ?? {}).filter(([name]) => name !== "cdktf-cli");
  return {
    ...own,
    // npm refuses an override beside another range of the same package.
    peerDependencies: { ...own.peerDependencies, ...dependencies },
    devDependencies: { ...Object.fromEntries(others), ...dependencies },
    overrides: { ...own.overrides, ...overrides },
  };
}
