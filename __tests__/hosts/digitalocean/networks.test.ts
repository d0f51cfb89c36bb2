import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { TerraformStack, TerraformVariable } from "cdktf";
import { DigitalOceanHostGroup } from "../../../lib";
import { resources, SSH_FROM, synth } from "../../synth";
import { runTool } from "../../tools";

interface Check {
  readonly condition: string;
  readonly error_message: string;
}

/** What a group's firewall checks before it is made, with networks out of a variable. */
function checks(props: (networks: string[]) => object): { readonly list: string; readonly found: readonly Check[] } {
  const synthesized = synth((stack: TerraformStack) => {
    const networks = new TerraformVariable(stack, "networks", { type: "list(string)" }).listValue;
    new DigitalOceanHostGroup(stack, "group", { sshFrom: SSH_FROM, ...props(networks) });
  });
  const { lifecycle } = resources(synthesized, "digitalocean_firewall")["group/firewall"];
  const found = (lifecycle as { precondition?: Check[] } | undefined)?.precondition ?? [];
  return { list: `local.${localsOf(synthesized).find((name) => name.includes("checked")) ?? ""}`, found };
}

/** A stack without locals has none at all. */
function localsOf({ locals }: { readonly locals?: object }): string[] {
  return Object.keys(locals ?? {});
}

/** What Terraform says that each expression is. */
function evaluated(expressions: readonly string[]): string[] {
  const directory = mkdtempSync(path.join(tmpdir(), "cdktf-etcd-networks-"));
  try {
    writeFileSync(path.join(directory, "terraformrc"), "");
    const { output } = runTool("terraform", ["console"], {
      cwd: directory,
      input: `jsonencode([${expressions.join(", ")}])\n`,
      env: { TF_CLI_CONFIG_FILE: path.join(directory, "terraformrc"), CHECKPOINT_DISABLE: "1" },
    });
    return (JSON.parse(JSON.parse(output) as string) as boolean[]).map(String);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The messages of the checks that each list of networks fails. */
function failures({ list, found }: ReturnType<typeof checks>, networks: readonly string[][]): string[][] {
  const expressions = networks.flatMap((given) =>
    found.map(({ condition }) =>
      condition.replace(/^\$\{|\}$/g, "").replaceAll(list, `tolist(${JSON.stringify(given)})`),
    ),
  );
  const answers = evaluated(expressions);
  return networks.map((_given, index) =>
    found.filter((_one, which) => answers[index * found.length + which] === "false").map((one) => one.error_message),
  );
}

const CIDR = expect.stringContaining("expected networks in CIDR form whose host bits are zero") as string;
const IPV4 = expect.stringContaining("expected at least one network of IPv4") as string;
const INTERNET = expect.stringContaining("together less than half of the Internet") as string;

describe("networks that only Terraform knows", () => {
  it("are checked by it before the firewall is made: those that may log in", () => {
    const some: [string[], string[]][] = [
      [["198.51.100.7/32"], []],
      [["198.51.100.7/32", "2001:db8:0:0::/64", "2001:0DB8::1/128"], []],
      [["198.51.100.7"], [CIDR]],
      [["10.0.0.1/8"], [CIDR]],
      [["10.0.0.0/8", "2001:db8::1/64"], [CIDR]],
      [["office"], [CIDR]],
      [["2001:db8::/64"], [IPV4]],
      [[], [IPV4]],
      [["0.0.0.0/0"], [INTERNET]],
      [["0.0.0.0/1", "128.0.0.0/1"], [INTERNET]],
      [["198.51.100.7/32", "2000::/3"], [INTERNET]],
    ];
    const made = checks((sshFrom) => ({ sshFrom }));
    expect(made.found).toHaveLength(3);
    expect(made.found[0].error_message).toMatch(
      /^sshFrom: given \$\{join\(", ", local\.\S+\)\}, expected .*Nothing was changed\.$/,
    );
    expect(
      failures(
        made,
        some.map(([networks]) => networks),
      ),
    ).toEqual(some.map(([, messages]) => messages));
  });

  it("may be none, or all, for clients: certificates say who these are", () => {
    const made = checks((clientsFrom) => ({ clientsFrom }));
    expect(failures(made, [[], ["0.0.0.0/0", "::/0"], ["::/0"], ["x"]])).toEqual([[], [], [IPV4], [CIDR]]);
  });

  it("are checked where one of several is, too, and not where all are known", () => {
    const one = (stack: TerraformStack): string => new TerraformVariable(stack, "one", { type: "string" }).stringValue;
    const synthesized = synth((stack) => {
      new DigitalOceanHostGroup(stack, "group", { sshFrom: SSH_FROM, peersFrom: ["10.0.0.0/8", one(stack)] });
    });
    expect(resources(synthesized, "digitalocean_firewall")["group/firewall"]).toMatchObject({
      lifecycle: { precondition: [{}, {}] },
    });
    expect(checks(() => ({ sshFrom: SSH_FROM })).found).toEqual([]);
  });
});
