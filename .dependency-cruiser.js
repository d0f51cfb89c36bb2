/** Which way imports may go: docs/architecture.md, Layers. `npm run lint` judges by it. */
const TESTS = "^__tests__/";

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
      name: "library-needs-no-development-package",
      severity: "error",
      from: { path: "^lib/" },
      to: { dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown"], dependencyTypesNot: ["npm-peer", "type-only"] },
    },
    {
      name: "library-layers",
      comment: "main.ts -> EtcdCluster -> hosts, pki, wan -> members -> rollout -> access",
      severity: "error",
      from: { path: "^lib/wan/" },
      to: { path: "^lib/(?!wan/|validation)" },
    },
    {
      name: "lab-stands-alone",
      comment: "The lab is a product of its own: it knows neither the library nor what is proven with it.",
      severity: "error",
      from: { path: "^lab/" },
      to: { path: "^(?!lab/|node_modules/)", dependencyTypesNot: ["core"] },
    },
    {
      name: "lab-by-its-face",
      comment: "Whoever uses the lab takes it from lab/index.ts, as somebody does who has installed it.",
      severity: "error",
      from: { path: "^(proofs|__tests__/proofs|examples|docs)/|^main.ts$" },
      to: { path: "^lab/(?!index.ts$)" },
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
      from: { pathNot: TESTS },
      to: { path: TESTS },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
  },
};
