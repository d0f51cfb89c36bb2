import { readFileSync } from "node:fs";
import * as path from "node:path";
import { manifestUnder, overrideIn, type Manifest } from "../../../proofs/cdktn/override";

const text = (file: string): string => readFileSync(path.join(__dirname, "..", "..", "..", file), "utf8");
const own = JSON.parse(text("package.json")) as Manifest;

describe("the override that puts cdktn in cdktf's place", () => {
  it("is what README.md shows: the same package for this library and for the bindings", () => {
    const { dependencies, overrides } = overrideIn(text("README.md"));
    expect(dependencies.cdktf).toMatch(/^npm:cdktn@\d+\.\d+\.\d+$/);
    expect(overrides).toEqual({ cdktf: dependencies.cdktf });
  });

  it("is not found where README.md tells of no override, or of half of one", () => {
    expect(() => overrideIn("# x\n")).toThrow(/no package\.json below/);
    const half = '## CDKTF is archived\n```json\n{ "dependencies": { "cdktf": "npm:cdktn@1.0.0" } }\n```\n';
    expect(() => overrideIn(half)).toThrow(/does not put one package/);
  });

  it("is added to what this project is tested with, and nothing else of cdktf's stays", () => {
    const override = overrideIn(text("README.md"));
    // In a copy under cdktn there is none of it any more.
    const withCli = { ...own, devDependencies: { ...own.devDependencies, "cdktf-cli": "^0.21.0" } };
    const { devDependencies = {}, peerDependencies, overrides } = manifestUnder(override, withCli);
    expect(devDependencies).toMatchObject(override.dependencies);
    expect(devDependencies.jest).toBe(own.devDependencies?.jest);
    expect(Object.keys(devDependencies)).not.toContain("cdktf-cli");
    expect(peerDependencies).toEqual({ ...own.peerDependencies, ...override.dependencies });
    expect(overrides).toEqual({ ...own.overrides, ...override.overrides });
  });
});
