import { Token } from "cdktf";
import { requireDistinct, requireName } from "../validation";
import { ValidationError } from "../validation-error";

/** Resources at DigitalOcean that a firewall admits, whatever addresses they have. */
export interface DigitalOceanSourcesProps {
  /**
   * Names of tags: all droplets that carry one of them.
   * @default - none
   */
  readonly tags?: string[];
  /**
   * Ids of droplets.
   * @default - none
   */
  readonly dropletIds?: number[];
  /**
   * Ids of load balancers.
   * @default - none
   */
  readonly loadBalancerIds?: string[];
  /**
   * Ids of Kubernetes clusters: all of their nodes.
   * @default - none
   */
  readonly kubernetesIds?: string[];
}

/** The part of a firewall's rule that admits resources. */
export interface RuleSources {
  readonly sourceTags?: string[];
  readonly sourceDropletIds?: number[];
  readonly sourceLoadBalancerUids?: string[];
  readonly sourceKubernetesIds?: string[];
}

/** Resources as a firewall's rule names them; what there is none of is left out. */
export function sources(what: string, props: DigitalOceanSourcesProps = {}): RuleSources {
  const { tags, dropletIds, loadBalancerIds, kubernetesIds } = props;
  return {
    ...(tags?.length ? { sourceTags: named(`${what}.tags`, tags, TAG) } : {}),
    ...(dropletIds?.length ? { sourceDropletIds: numbered(`${what}.dropletIds`, dropletIds) } : {}),
    ...(loadBalancerIds?.length ? { sourceLoadBalancerUids: named(`${what}.loadBalancerIds`, loadBalancerIds) } : {}),
    ...(kubernetesIds?.length ? { sourceKubernetesIds: named(`${what}.kubernetesIds`, kubernetesIds) } : {}),
  };
}

/** A tag's name, as DigitalOcean accepts it. */
const TAG = /^[\w:-]{1,255}$/;

function named(what: string, values: string[], form?: RegExp): string[] {
  for (const value of values) requireName(what, value, form);
  requireDistinct(what, values, "name each once");
  return values;
}

function numbered(what: string, ids: number[]): number[] {
  for (const id of ids) {
    if (Token.isUnresolved(id) || (Number.isSafeInteger(id) && id > 0)) continue;
    throw new ValidationError({
      what,
      given: JSON.stringify(id),
      expected: "the id of a droplet, a whole number",
      mend: 'copy it from "doctl compute droplet list", or take it from a Droplet of this stack: Token.asNumber(droplet.id)',
    });
  }
  return ids;
}
