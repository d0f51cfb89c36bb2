import { Precondition, TerraformLocal } from "cdktf";
import { Construct } from "constructs";
import { admitsInternet, isIpv6Network, isLate, requireCidr, shown } from "../../validation";
import { ValidationError } from "../../validation-error";

/** Networks that a firewall admits. */
export interface Networks {
  /** The prop that they were given by. */
  readonly prop: string;
  readonly cidrs: readonly string[];
  /** Whether none may be given. */
  readonly mayBeEmpty: boolean;
  /** Whether together they may be as good as the whole Internet. */
  readonly mayBeInternet: boolean;
}

/**
 * Throws unless these are networks that machines without IPv6 can be reached from. Those that only Terraform knows are
 * left to {@link checksOfLate}.
 */
export function requireNetworks({ prop, cidrs, mayBeEmpty, mayBeInternet }: Networks): void {
  if (cidrs.length === 0 && !mayBeEmpty) {
    throw new ValidationError({
      what: prop,
      given: "no network",
      expected: "at least one CIDR: the deploy logs in over SSH",
      mend: 'give the address you deploy from, for example ["198.51.100.7/32"]',
    });
  }
  const known = cidrs.filter((cidr) => !isLate(cidr));
  for (const cidr of known) requireCidr(prop, cidr);
  if (!mayBeInternet && admitsInternet(known)) {
    throw new ValidationError({
      what: prop,
      given: known.map(shown).join(", "),
      expected: "networks that you know, together less than half of the Internet",
      mend: `name the addresses you deploy from, or say ${ALLOWED_BY}: true if the whole Internet is meant`,
    });
  }
  if (known.length > 0 && known.length === cidrs.length && known.every(isIpv6Network)) {
    throw new ValidationError({
      what: prop,
      given: known.map(shown).join(", "),
      expected: "at least one network of IPv4: the machines have no IPv6 addresses",
      mend: "add the IPv4 networks that connections come from",
    });
  }
}

/** The prop that opens SSH to the whole Internet. */
const ALLOWED_BY = "allowSshFromAnywhere";

/**
 * The same rules for networks that only Terraform knows, which it checks before it makes or changes the firewall; none
 * where all are known.
 */
export function checksOfLate(scope: Construct, all: readonly Networks[]): Precondition[] {
  return all.filter(({ cidrs }) => isLate(cidrs)).flatMap((networks) => checks(scope, networks));
}

/** An item of the list is called `c` in the conditions. */
function checks(scope: Construct, { prop, cidrs, mayBeEmpty, mayBeInternet }: Networks): Precondition[] {
  const { friendlyUniqueId } = new TerraformLocal(scope, `${prop}-checked`, [...cidrs]);
  const list = `local.${friendlyUniqueId}`;
  const check = (condition: string, expected: string): Precondition => ({
    condition: `\${${condition}}`,
    errorMessage: `${prop}: given \${join(", ", ${list})}, expected ${expected}. Nothing was changed.`,
  });
  return [
    check(
      `alltrue([for c in ${list} : ${IS_NETWORK}])`,
      "networks in CIDR form whose host bits are zero, for example 198.51.100.7/32",
    ),
    check(
      `${mayBeEmpty ? `length(${list}) == 0 || ` : ""}anytrue([for c in ${list} : !strcontains(c, ":")])`,
      "at least one network of IPv4: the machines have no IPv6 addresses",
    ),
    ...(mayBeInternet
      ? []
      : [
          check(
            `${share(list, '!strcontains(c, ":")')} < 0.5 && ${share(list, 'strcontains(c, ":")')} < 0.0625`,
            `networks that you know, together less than half of the Internet, or ${ALLOWED_BY}`,
          ),
        ]),
  ];
}

/** Whether `c` is a network whose host bits are zero: its first address is what stands before the slash. */
const IS_NETWORK =
  'try(cidrhost(c, 0) == cidrhost(format("%s/%s", split("/", c)[0], strcontains(c, ":") ? "128" : "32"), 0), false)';

/** The part of a family's addresses that a list's networks of it have. It counts twice what is in two of them. */
function share(list: string, ofFamily: string): string {
  return `sum(concat([0], [for c in ${list} : try(pow(2, -tonumber(split("/", c)[1])), 0) if ${ofFamily}]))`;
}
