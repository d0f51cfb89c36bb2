/** `unit` is fast and needs nothing; `lab` boots machines and needs root on Linux; `long` does so too, for stories of half an hour. */
const transform = { "^.+\\.ts$": ["ts-jest", { tsconfig: "<rootDir>/tsconfig.json" }] };
const moduleNameMapper = { "(^|/)stack-trace$": "<rootDir>/__tests__/no-stack-trace.ts" };

module.exports = {
  projects: [
    {
      displayName: "unit",
      globalSetup: "<rootDir>/__tests__/global-setup.ts",
      testEnvironment: "node",
      transform,
      testMatch: ["<rootDir>/__tests__/**/*.test.ts"],
      moduleNameMapper,
      testPathIgnorePatterns: ["\\.(lab|long)\\.test\\.ts$", "/node_modules/", "/cdktf.out/"],
      modulePathIgnorePatterns: ["<rootDir>/cdktf.out", "<rootDir>/dist", "<rootDir>/.lab"],
    },
    {
      displayName: "lab",
      testEnvironment: "<rootDir>/proofs/suite/story-environment.ts",
      transform,
      moduleNameMapper,
      testMatch: ["<rootDir>/__tests__/**/*.lab.test.ts"],
      modulePathIgnorePatterns: ["<rootDir>/cdktf.out", "<rootDir>/dist", "<rootDir>/.lab"],
    },
    {
      displayName: "long",
      testEnvironment: "<rootDir>/proofs/suite/story-environment.ts",
      transform,
      moduleNameMapper,
      testMatch: ["<rootDir>/__tests__/**/*.long.test.ts"],
      modulePathIgnorePatterns: ["<rootDir>/cdktf.out", "<rootDir>/dist", "<rootDir>/.lab"],
    },
  ],
};
