import { App, TerraformStack, TerraformVariable, Testing } from "cdktf";
import { parse } from "yaml";
import { CloudInitPart, CloudInitPartType, DigitalOceanHost } from "../../lib";
import { OWN_BYTES } from "../../lib/hosts/cloud-init-parts";
import { resources, SSH_FROM, synth } from "../synth";
import { plain, render } from "../templates/render";
import { filesOf, SAMPLES } from "../templates/samples";

const { CLOUD_CONFIG, SHELL_SCRIPT } = CloudInitPartType;
const PACKAGES: CloudInitPart = { contentType: CLOUD_CONFIG, content: "#cloud-config\npackages: [jq]\n" };
const SCRIPT: CloudInitPart = { contentType: SHELL_SCRIPT, content: "#!/bin/sh\necho \"$1\" '${x}' %{y} <&>\n" };

function droplet(
  cloudInitParts?: CloudInitPart[],
  late?: (variable: string) => CloudInitPart,
): Record<string, unknown> {
  const synthesized = synth((stack) => {
    const variable = new TerraformVariable(stack, "part", { type: "string" }).stringValue;
    const parts = late === undefined ? cloudInitParts : [late(variable)];
    DigitalOceanHost.inRegions(stack, ["lon1"], { sshFrom: SSH_FROM, cloudInitParts: parts });
  });
  return resources(synthesized, "digitalocean_droplet")["hosts/lon1/droplet"];
}

/** What cloud-init is given, where the parts are as here. */
function archive(parts: readonly CloudInitPart[]): { type: string; content: string; "Merge-Type"?: string }[] {
  const { own } = render({ own: filesOf(SAMPLES[0], plain("boot/get-etcd.sh")).cloudInit });
  const merge = /"merge" = "([^"]+)"/.exec(droplet([...parts]).user_data as string)?.[1];
  const given = parts.map(({ contentType, content }) => ({ type: contentType, content }));
  const { text } = render({
    text: { template: "boot/cloud-init-archive.yaml.tftpl", variables: { own, parts: given, merge } },
  });
  expect(text.startsWith("#cloud-config-archive\n")).toBe(true);
  return parse(text) as { type: string; content: string }[];
}

describe("parts for cloud-init", () => {
  it("change nothing of the user data of machines without any", () => {
    const { user_data } = droplet();
    expect(user_data).toMatch(/^\$\{templatefile\("assets\/[^"]+\/boot\/cloud-init\.yaml\.tftpl", /);
    expect(user_data).not.toContain("archive");
    expect(droplet([]).user_data).toBe(user_data);
  });

  it("come after the library's own, to the byte, and are merged so that they add to it", () => {
    const [own, ...others] = archive([PACKAGES, SCRIPT]);
    expect(own.type).toBe("text/cloud-config");
    expect(parse(own.content)).toHaveProperty("ssh_keys");
    const merge = "list(append)+dict(no_replace,recurse_list)+str()";
    expect(others).toEqual([
      { type: "text/cloud-config", content: PACKAGES.content, "Merge-Type": merge },
      { type: "text/x-shellscript", content: SCRIPT.content, "Merge-Type": merge },
    ]);
  });

  it("replace no machine when they change, as nothing in user data does", () => {
    const { lifecycle } = droplet([PACKAGES]) as { lifecycle: Record<string, unknown> };
    expect(lifecycle.ignore_changes).toContain("user_data");
    expect(lifecycle).toEqual(droplet([SCRIPT]).lifecycle);
    expect(lifecycle).toEqual(droplet().lifecycle);
  });

  it("leave the library's own part the room that is kept for it", () => {
    const { own } = render({ own: filesOf(SAMPLES[0], plain("boot/get-etcd.sh")).cloudInit });
    const { text } = render({
      text: { template: "boot/cloud-init-archive.yaml.tftpl", variables: { own, parts: [], merge: "" } },
    });
    // As much again, for the keys of operators.
    expect(2 * Buffer.byteLength(text)).toBeLessThan(OWN_BYTES);
  });

  it("that Terraform alone knows are checked by it, by the same rules", () => {
    const late = (type: CloudInitPartType): string[] => {
      const { lifecycle } = droplet(undefined, (content) => ({ contentType: type, content })) as {
        lifecycle: { precondition: { condition: string; error_message: string }[] };
      };
      return lifecycle.precondition.map(({ condition }) => condition);
    };
    expect(late(SHELL_SCRIPT)).toEqual(['${can(regex("^#![ \\\\t]*/", var.part))}']);
    expect(late(CLOUD_CONFIG)).toEqual([
      '${can(regex("^#cloud-config[ \\\\t]*\\\\r?\\\\n", var.part))}',
      expect.stringMatching(
        /^\$\{try\(length\(setintersection\(keys\(yamldecode\(var\.part\)\), \[.*"merge_how".*\]\)\) == 0, false\)\}$/,
      ),
    ]);
  });

  it("that Terraform alone knows are checked by it in the HCL form, too", () => {
    const stack = new TerraformStack(new App(), "test");
    const { stringValue: content } = new TerraformVariable(stack, "part", { type: "string" });
    DigitalOceanHost.inRegions(stack, ["lon1"], {
      sshFrom: SSH_FROM,
      cloudInitParts: [CLOUD_CONFIG, SHELL_SCRIPT].map((contentType) => ({ contentType, content })),
    });
    const hcl = Testing.synthHcl(stack) as string;
    const droplet = /^resource "digitalocean_droplet"[^]*?\n\}\n/m.exec(hcl)?.[0] ?? "";
    const conditions = [
      ...droplet.matchAll(/\n {4}precondition \{\n {6}condition = (.*)\n {6}error_message = (.*)\n/g),
    ];
    expect(conditions.map(([, condition]) => condition)).toEqual([
      'can(regex("^#cloud-config[ \\\\t]*\\\\r?\\\\n", var.part))',
      expect.stringMatching(
        /^try\(length\(setintersection\(keys\(yamldecode\(var\.part\)\), \[.*\]\)\) == 0, false\)$/,
      ),
      'can(regex("^#![ \\\\t]*/", var.part))',
    ]);
    expect(conditions.map(([, , message]) => /"cloudInitParts\[(\d)\]\.content: expected /.exec(message)?.[1])).toEqual(
      ["0", "0", "1"],
    );
  });

  it.each(["bootcmd:\n  - [sh, -c, 'true']\n", '---\n# ours\n"packages": [jq]\n', "a: |\n  ssh_pwauth: true\n"])(
    "may be settings such as %j",
    (settings) => {
      expect(() => droplet([{ contentType: CLOUD_CONFIG, content: `#cloud-config\n${settings}` }])).not.toThrow();
    },
  );

  it.each(["", "  ssh_pwauth: true\n", "--- {merge_how: x}\n", "? ssh_keys\n: {}\n"])(
    "are not taken where their settings can't be seen, as in %j",
    (settings) => {
      expect(() => droplet([{ contentType: CLOUD_CONFIG, content: `#cloud-config\n${settings}` }])).toThrow(
        /each outermost one at the beginning of a line/,
      );
    },
  );
});
