/** Which way imports may go: docs/architecture.md, Layout. `npm run lint` judges by it. */

/** Parts of a folder, from the top to the bottom: each imports only from layers below its own. */
const LAYERS = {
  lib: [
    ["cli", "index"],
    ["etcd-cluster", "measure", "report"],
    ["cluster-checks", "cluster-distances", "ready-step", "record-cluster"],
    ["cluster-warnings", "etcd-cluster-props"],
    ["etcd-member"],
    ["access", "rollout", "upkeep"],
    ["authorization", "backup", "hosts", "leader", "member", "metadata", "pki", "streams"],
    ["cluster-record", "etcd-download", "etcd-settings", "host-checks", "machines", "networks", "node"],
    ["ssh"],
    ["etcd-extra", "etcd-version", "terraform"],
    ["etcd-flags"],
    ["etcd-host", "wan"],
    ["ssh-connection"],
    ["validation"],
    ["near-matches", "validation-error"],
  ],
  proofs: [
    ["bench", "campaign", "cdktn", "cli", "demo", "suite"],
    ["operations", "permissions"],
    ["harness"],
    ["lab-cluster", "rig"],
    ["apps", "lab.config"],
    ["etcd", "exploration", "probe", "recording", "workload"],
    ["earlier-checkout", "figures", "programs", "random"],
  ],
};

/** No part imports from one beside or above it. */
function rulesOf([folder, layers]) {
  const within = (parts) => `^${folder}/(${parts.map((part) => part.replace(".", "\\.")).join("|")})(/|\\.ts$)`;
  return [
    ...layers.flatMap((parts, index) =>
      parts.map((part) => ({
        name: `layers-of-${folder}`,
        comment: "A part imports from the layers below its own: see LAYERS in this file.",
        severity: "error",
        from: { path: within([part]) },
        to: {
          path: within(
            layers
              .slice(0, index + 1)
              .flat()
              .filter((other) => other !== part),
          ),
        },
      })),
    ),
    {
      name: `parts-of-${folder}`,
      comment: "A new part needs its place in LAYERS in this file.",
      severity: "error",
      from: { path: `^${folder}/`, pathNot: within(layers.flat()) },
      to: {},
    },
  ];
}

module.exports = {
  forbidden: [
    {
      name: "no-circles",
      comment: "Files that import each other can only be understood together.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "library-stands-alone",
      comment: "What is published needs nothing that is not.",
      severity: "error",
      from: { path: "^lib/" },
      to: { path: "^(?!lib/|node_modules/)", dependencyTypesNot: ["core"] },
    },
    {
      name: "kinds-of-hosts-stand-alone",
      comment:
        "A kind of machine is a folder of its own below lib/hosts: another one is added without a change elsewhere.",
      severity: "error",
      from: { path: "^lib/hosts/([^/]+)/" },
      to: { path: "^lib/hosts/[^/]+/", pathNot: "^lib/hosts/$1/" },
    },
    {
      name: "no-kind-of-host-is-known",
      comment: "A cluster knows machines by IEtcdHost alone.",
      severity: "error",
      from: { path: "^lib/", pathNot: "^lib/(index\\.ts$|hosts/[^/]+/)" },
      to: { path: "^lib/hosts/[^/]+/" },
    },
    {
      name: "library-needs-no-development-package",
      comment: "Who installs the library has its peers, and nothing else.",
      severity: "error",
      from: { path: "^lib/" },
      to: { dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown"], dependencyTypesNot: ["npm-peer", "type-only"] },
    },
    {
      name: "lab-stands-alone",
      comment: "The lab is a product of its own: it knows neither the library nor what is proven with it.",
      severity: "error",
      from: { path: "^lab/" },
      to: { path: "^(?!lab/|node_modules/|tsx$)", dependencyTypesNot: ["core"] },
    },
    {
      name: "lab-by-its-face",
      comment: "Whoever uses the lab takes it from lab/index.ts, as somebody does who has installed it.",
      severity: "error",
      from: { path: "^(proofs|__tests__/proofs|examples|docs)/|^main.ts$" },
      to: { path: "^lab/(?!index.ts$)" },
    },
    {
      name: "tests-of-the-lab",
      comment: "They go with the lab, which knows neither the library nor what is proven with it.",
      severity: "error",
      from: { path: "^__tests__/lab/" },
      to: { path: "^(lib|proofs)/|^__tests__/proofs/" },
    },
    {
      name: "distances-without-terraform",
      comment: "The model of distances is arithmetic, which the command line has too.",
      severity: "error",
      from: { path: "^lib/wan/" },
      to: { path: "^(?!lib/)", dependencyTypesNot: ["core"] },
    },
    {
      name: "examples-as-users",
      comment: "An example imports what its reader can import.",
      severity: "error",
      from: { path: "^examples/|^main.ts$" },
      to: { path: "^(lab|proofs|__tests__)/|^lib/(?!index.ts$)" },
    },
    {
      name: "tests-are-for-tests",
      severity: "error",
      from: { pathNot: "^__tests__/" },
      to: { path: "^__tests__/" },
    },
    ...Object.entries(LAYERS).flatMap(rulesOf),
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
  },
};
