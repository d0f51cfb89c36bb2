import { readFileSync } from "node:fs";
import * as path from "node:path";
import { compileFunction } from "node:vm";
import type { App } from "cdktf";
import type { Construct } from "constructs";
import ts from "typescript";
import * as published from "../../lib";
import { labRelease, labStack, STACK } from "./cluster-stack";

const ROOT = path.join(__dirname, "..", "..");

/** The first example in TypeScript of a document. */
export function exampleIn(document: string): string {
  const block = /^```ts\n([\s\S]*?)^```$/m.exec(readFileSync(path.join(ROOT, document), "utf8"));
  if (block === null) throw new Error(`${document} has no example`);
  return block[1];
}

/**
 * The stack of an example that says it stands in the constructor of one, as a reader would write it. Only where machines are reached from
 * and where etcd comes from is the lab's.
 *
 * @param env as Lab.environment returns it
 */
export function declareExample(example: string, app: App, env: Readonly<Record<string, string>>): void {
  const stack = labStack(app, STACK, env);
  const given = {
    ...published,
    DigitalOceanHost: {
      inRegions: (scope: Construct, regions: string[], props: published.DigitalOceanHostsProps) =>
        published.DigitalOceanHost.inRegions(scope, regions, {
          ...props,
          sshFrom: [env.ETCD_SSH_FROM],
          clientsFrom: [env.ETCD_CLIENTS_FROM],
        }),
    },
    EtcdCluster: class extends published.EtcdCluster {
      public constructor(scope: Construct, id: string, props: published.EtcdClusterProps) {
        super(scope, id, { ...props, ...labRelease(env), accessDirectory: env.ETCD_ACCESS_DIRECTORY });
      }
    },
  };
  const imported = (name: string): unknown => {
    if (name === "cdktf-etcd") return given;
    throw new Error(`the example imports ${name}`);
  };
  const { outputText } = ts.transpileModule(example, {
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
  });
  const run = compileFunction(outputText, ["require", "exports"]) as (...args: unknown[]) => void;
  run.call(stack, imported, {});
}
