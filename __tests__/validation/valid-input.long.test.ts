/** @independent */
import { DigitaloceanProvider } from "@cdktf/provider-digitalocean/lib/provider";
import { LocalProvider } from "@cdktf/provider-local/lib/provider";
import { TlsProvider } from "@cdktf/provider-tls/lib/provider";
import { TerraformResource, TerraformStack } from "cdktf";
import * as fc from "fast-check";
import { DigitalOceanHost, ValidationError } from "../../lib";
import { useCleanup, workInScratch } from "../cleanup";
import { Workspace } from "../lab/clouds/digitalocean/provider/terraform-workspace";
import { SSH_FROM } from "../synth";
import { RandomInput, randomInput, runInput, SEED, shownInput } from "./random-input";

/** How many inputs Terraform judges, and how many are drawn at most to have them: about one in seven is of use. */
const JUDGED = 200;
const DRAWN = 20 * JUDGED;
/** How many of Terraform's processes run at once, each in a directory of its own. */
const DIRECTORIES = 2;

/** All that Terraform says of what is right: it warns of nothing, either. */
const VALID = "Success! The configuration is valid.";

const atEnd = useCleanup();
const workspaces: Workspace[] = [];

function declareProviders(stack: TerraformStack): void {
  new DigitaloceanProvider(stack, "digitalocean");
  new TlsProvider(stack, "tls");
  new LocalProvider(stack, "local");
}

/** What a stack of the library's becomes in a directory, beside the providers that it needs. */
async function declare(work: Workspace, build: (stack: TerraformStack) => void): Promise<void> {
  await work.synth((stack) => {
    declareProviders(stack);
    build(stack);
  });
}

/** Why there is nothing for Terraform to judge in an input; undefined for one that is declared in the directory now. */
async function unfit(work: Workspace, input: RandomInput): Promise<"refused" | "nothing made" | undefined> {
  let made = 0;
  try {
    await declare(work, (stack) => {
      runInput(stack, input);
      made = stack.node.findAll().filter((one) => one instanceof TerraformResource).length;
    });
  } catch (error) {
    // That each refusal is one of these, the unit tier sees to.
    if (error instanceof ValidationError) return "refused";
    throw new Error(`${shownInput(input)} does not synthesize`, { cause: error });
  }
  // Distance models, checksums and regions are computed with, and nothing is declared: Terraform would judge an empty stack.
  return made === 0 ? "nothing made" : undefined;
}

/** What Terraform says of what is declared in a directory. */
async function judgement(work: Workspace): Promise<string> {
  const { output } = await work.terraformCommand(["validate"]);
  return output.trim();
}

beforeAll(async () => {
  workInScratch(atEnd);
  for (let count = 0; count < DIRECTORIES; count++) {
    const work = await Workspace.open("http://127.0.0.1:9");
    atEnd(() => work.close());
    await declare(work, () => undefined);
    await work.init();
    workspaces.push(work);
  }
  // CDKTF warns of texts that hold tokens, each time with all of the stack's trace.
  const warn = jest.spyOn(console, "warn").mockReturnValue();
  atEnd(() => {
    warn.mockRestore();
  });
});

jest.setTimeout(1_800_000);

describe("terraform validate", () => {
  it("tells what is wrong", async () => {
    const [work] = workspaces;
    await declare(work, (stack) => {
      const [host] = DigitalOceanHost.inRegions(stack, ["lon1"], { sshFrom: SSH_FROM });
      const [droplet] = host.node.findAll().filter((one) => one instanceof TerraformResource);
      droplet.addOverride("nonsense", 1);
    });
    expect(await judgement(work)).toContain('No argument or block type is named "nonsense"');
  });

  it(`finds nothing in ${JUDGED} random inputs that synthesize`, async () => {
    const inputs = fc.sample(randomInput, { numRuns: DRAWN, seed: SEED }).values();
    const count = { judged: 0, refused: 0, "nothing made": 0 };
    const wrong: string[] = [];
    const judgeSome = async (work: Workspace): Promise<void> => {
      for (const input of inputs) {
        const why = await unfit(work, input);
        if (why !== undefined) {
          count[why]++;
          continue;
        }
        // The other directory may have had the last one meanwhile.
        if (count.judged === JUDGED) return;
        count.judged++;
        const said = await judgement(work);
        if (said !== VALID) wrong.push(`${shownInput(input)}\n${said}`);
      }
    };
    await Promise.all(workspaces.map(judgeSome));
    console.log(`seed ${SEED}: ${JSON.stringify(count)}`);
    expect(wrong.join("\n\n")).toBe("");
    expect(count.judged).toBe(JUDGED);
  });
});
