import { TerraformProvider, TerraformStack } from "cdktf";
import { Construct } from "constructs";
import { claim } from "../terraform/claims";

/** A group, as far as its prefix is concerned. */
export interface Prefixed extends Construct {
  readonly namePrefix: string;
  /** @internal */
  readonly _provider?: TerraformProvider;
}

/** A provider at DigitalOcean, of whatever bindings. */
interface Account {
  readonly tokenInput?: string;
  readonly apiEndpointInput?: string;
}

const EXPECTED =
  "a prefix of its own for each group: the tag, and with it the firewall, would be that of both, and the end of one the other's";
const ANOTHER = 'give one of them another, for example namePrefix: "events"';

/**
 * Has a prefix taken by one group alone in a DigitalOcean account: a group of the same prefix would have the same tag, and
 * its members would reach the others'.
 *
 * In one stack that is said at once, between stacks when the app is synthesized: only then are all providers known.
 *
 * @throws ValidationError if another group of the stack, with the same provider, has it
 */
export function requireOwnPrefix(group: Prefixed): void {
  const what = `namePrefix ${JSON.stringify(group.namePrefix)}`;
  const { namePrefix, _provider: provider } = group;
  claim(TerraformStack.of(group), `namePrefix ${namePrefix} ${provider?.fqn ?? ""}`, group, () => ({
    what,
    expected: EXPECTED,
    mend: `${ANOTHER}; or have both clusters share one group`,
  }));
  group.node.addValidation({
    validate: () => {
      claim(group.node.root, `namePrefix ${namePrefix} ${accountOf(group)}`, group, () => ({
        what,
        expected: EXPECTED,
        mend:
          `${ANOTHER}; or, if their providers are of different accounts, tell them apart by their tokens: ` +
          'new DigitaloceanProvider(this, "digitalocean", { token: new TerraformVariable(this, "token", { sensitive: true }).stringValue })',
      }));
      return [];
    },
  });
}

/** What tells accounts apart: without a token, a provider has that of the environment. */
function accountOf(group: Prefixed): string {
  const { tokenInput, apiEndpointInput } = (group._provider ?? defaultProvider(group) ?? {}) as Account;
  return JSON.stringify([apiEndpointInput, tokenInput]);
}

function defaultProvider(group: Construct): TerraformProvider | undefined {
  return TerraformStack.of(group)
    .node.findAll()
    .filter((one) => TerraformProvider.isTerraformProvider(one))
    .find(({ terraformResourceType, alias }) => terraformResourceType === "digitalocean" && alias === undefined);
}
