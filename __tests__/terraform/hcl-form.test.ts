import { readFileSync } from "node:fs";
import * as path from "node:path";
import { App, Fn, TerraformOutput, TerraformStack, Testing } from "cdktf";
import { Tag } from "@cdktf/provider-digitalocean/lib/tag";
import { clustersIn } from "../../lib/report/recorded-cluster";
import { TerraformData } from "../../lib/terraform/terraform-data";
import { sayTheSameInHcl } from "../../lib/terraform/hcl-form";
import { expressionOf } from "../../lib/terraform/hcl-text";
import { cluster } from "../synth";
import { scratchDirectory } from "../templates/render";

function hcl(build: (stack: TerraformStack) => void): string {
  const stack = new TerraformStack(new App(), "test");
  build(stack);
  return Testing.synthHcl(stack) as string;
}

/** The block that begins so. */
function block(text: string, start: string): string {
  const from = text.indexOf(start);
  expect(from).toBeGreaterThanOrEqual(0);
  return text.slice(from, text.indexOf("\n}\n", from));
}

describe("the HCL form of a cluster", () => {
  const text = hcl((stack) => {
    cluster(stack);
  });

  it("has addresses and keywords without quotes, and blocks as blocks", () => {
    const droplet = block(text, 'resource "digitalocean_droplet" "hosts_lon1_');
    expect(droplet).toMatch(/replace_triggered_by = \[terraform_data\.hosts_lon1_generation_\w+\]/);
    expect(droplet).toContain("ignore_changes = [user_data, image, ssh_keys, size, monitoring, vpc_uuid]");
    expect(droplet).toMatch(/depends_on = \[terraform_data\.hosts_lost-state_\w+\]/);
    expect(droplet).toMatch(/timeouts \{\n {4}create = "300s"/);
    const firewall = block(text, 'resource "digitalocean_firewall"');
    expect(firewall).toMatch(/inbound_rule \{\n {4}port_range = "22"/);
  });

  it("has the triggers and provisioners of its steps, the genesis record and its checks", () => {
    const step = block(text, 'resource "terraform_data" "etcd_etcd-lon1_install_');
    expect(step).toMatch(/triggers_replace = \{ "machine" = digitalocean_droplet\./);
    expect(step).toMatch(/provisioner "remote-exec" \{\n {4}inline = \[templatefile\(/);
    expect(step).toMatch(/connection \{\n {6}type = "ssh"/);
    const genesis = block(text, 'resource "terraform_data" "etcd_genesis_');
    expect(genesis).toContain('"generation" = 1');
    expect(genesis).toContain("ignore_changes = [input]");
    expect(block(text, 'check "etcd_pki_client-ca_end_')).toMatch(/assert \{\n {4}condition = terraform_data\./);
    expect(block(text, 'resource "terraform_data" "hosts_lost-state_')).toMatch(
      /postcondition \{\n {6}condition = self\.input == ""/,
    );
  });

  it("leaves to CDKTF what is not the library's", () => {
    const beside = hcl((stack) => {
      cluster(stack);
      new Tag(stack, "theirs", { name: "theirs" });
      new TerraformOutput(stack, "theirs-too", { value: "theirs", staticId: true });
    });
    expect(beside.match(/resource "digitalocean_tag" "theirs"/g)).toHaveLength(1);
    expect(beside.match(/output "theirs-too"/g)).toHaveLength(1);
    expect(beside.match(/output "etcd_endpoints"/g)).toHaveLength(1);
  });

  it("says what is written over in the code", () => {
    const written = hcl((stack) => {
      const data = new TerraformData(stack, "data", { input: "a" });
      sayTheSameInHcl(data);
      data.addOverride("lifecycle.prevent_destroy", true);
      data.addOverride("input", Fn.join("-", ["a", "b"]));
    });
    expect(block(written, 'resource "terraform_data"')).toMatch(/prevent_destroy = true/);
    expect(written).toContain('input = join("-", ["a", "b"])');
  });

  const outdir = scratchDirectory();

  it("leaves the clusters' records where the command line finds them", () => {
    process.env.SYNTH_HCL_OUTPUT = "true";
    try {
      const app = new App({ outdir, skipValidation: true });
      cluster(new TerraformStack(app, "test"));
      app.synth();
    } finally {
      delete process.env.SYNTH_HCL_OUTPUT;
    }
    const stack = path.join(outdir, "stacks", "test");
    expect(clustersIn(stack).map(({ name }) => name)).toEqual(["test/etcd"]);
    const metadata = JSON.parse(readFileSync(path.join(stack, "metadata.json"), "utf8")) as Record<string, object>;
    expect(metadata["//"]).toHaveProperty("metadata.stackName", "test");
  });
});

describe("a value of the JSON form, as an expression", () => {
  it.each([
    ["plain", '"plain"'],
    ["${a.b}", "a.b"],
    ['${f("}", "${g("{")}", {"k" = [1]})}', 'f("}", "${g("{")}", {"k" = [1]})'],
    ["${a.b}${c.d}", '"${a.b}${c.d}"'],
    ['say "${a["k"]}" \\ twice', '"say \\"${a["k"]}\\" \\\\ twice"'],
    ["$${literal} %%{too}", '"$${literal} %%{too}"'],
    ["%{ if a }x%{ endif }", '"%{ if a }x%{ endif }"'],
    ["two\nlines\tand \u0001", '"two\\nlines\\tand \\u0001"'],
    ['${"\\"}"}', '"\\"}"'],
    ["", '""'],
    [null, "null"],
    [["${a}", 1, true], "[a, 1, true]"],
    [{ "a b": "${c}", d: {} }, '{ "a b" = c, "d" = {} }'],
  ])("%j", (json, expected) => {
    expect(expressionOf(json)).toBe(expected);
  });
});
