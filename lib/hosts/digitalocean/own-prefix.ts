import { Annotations, TerraformProvider, TerraformStack } from "cdktf";
import { Construct } from "constructs";
import { claim, holderOf } from "../../terraform/claims";

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
 * In one stack that is said at once, between stacks when the app is synthesized: only then are all providers known. Stacks
 * that take their token from the environment may be deployed with different ones: that is a warning, and if the account is
 * the same, DigitalOcean refuses the second firewall of one name.
 *
 * @throws ValidationError if another group with the same provider or the same token has it
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
      const { tokenInput: token, apiEndpointInput: endpoint } = accountOf(group);
      const name = `namePrefix ${namePrefix} ${JSON.stringify([endpoint, token])}`;
      const other = holderOf(group.node.root, name);
      if (token === undefined && other !== undefined && other !== group) {
        Annotations.of(group).addWarning(
          `${what} is also that of ${other.node.path}. In one account they would share a tag, and each other's machines: ` +
            `${ANOTHER}. It is fine if the two are deployed with tokens of different accounts.`,
        );
        return [];
      }
      claim(group.node.root, name, group, () => ({ what, expected: EXPECTED, mend: ANOTHER }));
      return [];
    },
  });
}

/** What tells accounts apart: without a token, a provider has that of the environment. */
function accountOf(group: Prefixed): Account {
  return (group._provider ?? defaultProvider(group) ?? {}) as Account;
}

function defaultProvider(group: Construct): TerraformProvider | undefined {
  return TerraformStack.of(group)
    .node.findAll()
    .filter((one) => TerraformProvider.isTerraformProvider(one))
    .find(({ terraformResourceType, alias }) => terraformResourceType === "digitalocean" && alias === undefined);
}
