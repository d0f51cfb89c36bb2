import { bindingsVersion } from "../../../lab/terraform/providers";

test.each([
  ["@cdktf/provider-digitalocean", /^2\.\d+\.\d+$/],
  ["@cdktf/provider-tls", /^4\.\d+\.\d+$/],
  ["@cdktf/provider-local", /^2\.\d+\.\d+$/],
])("%s says which provider it was made from", async (bindings, version) => {
  expect(await bindingsVersion(bindings)).toMatch(version);
});
