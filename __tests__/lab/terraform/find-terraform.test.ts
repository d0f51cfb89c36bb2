import { writeFile } from "node:fs/promises";
import * as path from "node:path";
import { findTerraform } from "../../../lab/terraform/find-terraform";
import { terraformrc } from "../../../lab/terraform/terraformrc";
import { useScratchDir } from "../tools/scratch";

const scratch = useScratchDir();

async function fake(name: string, version: string): Promise<string> {
  const file = path.join(scratch(), name);
  await writeFile(file, `#!/bin/sh\necho '${version}'\necho on linux_amd64\n`, { mode: 0o755 });
  return file;
}

test("TERRAFORM_BINARY_NAME is obeyed", async () => {
  const file = await fake("my-tofu", "OpenTofu v1.10.2");
  expect(await findTerraform({ TERRAFORM_BINARY_NAME: file })).toEqual({
    path: file,
    flavour: "tofu",
    version: "1.10.2",
    registryHost: "registry.opentofu.org",
  });
});

test("an old Terraform is refused with what to do", async () => {
  const file = await fake("terraform", "Terraform v1.4.7");
  await expect(findTerraform({ TERRAFORM_BINARY_NAME: file })).rejects.toThrow(/1\.4\.7.*needs 1\.5 or newer.*Upgrade/);
});

test("something that is not Terraform is refused", async () => {
  const file = await fake("terraform", "hello");
  await expect(findTerraform({ TERRAFORM_BINARY_NAME: file })).rejects.toThrow(/does not say which Terraform/);
});

test("a name that is not there is an error that says so", async () => {
  await expect(findTerraform({ TERRAFORM_BINARY_NAME: "no-such-terraform" })).rejects.toThrow(
    /no-such-terraform is on PATH.*TERRAFORM_BINARY_NAME/,
  );
});

test("the configuration takes providers from the mirror alone, unless the registry can be reached", () => {
  const offline = terraformrc({ mirrorDir: "/a/b", registryReachable: false });
  expect(offline).toContain('path = "/a/b"');
  expect(offline).toContain("disable_checkpoint = true");
  expect(offline).not.toContain("direct");
  expect(offline).not.toContain("plugin_cache_dir");
  expect(terraformrc({ mirrorDir: "/a/b", registryReachable: true })).toContain("direct {}");
});

test("a path cannot break out of its string", () => {
  expect(terraformrc({ mirrorDir: '/a"b', registryReachable: false })).toContain('path = "/a\\"b"');
});
