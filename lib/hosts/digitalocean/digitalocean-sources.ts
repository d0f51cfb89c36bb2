import { isLate, lateNumber, lateText, list, requireDistinct, shape, shown } from "../../validation";
import { ValidationError } from "../../validation-error";
import { requireTags } from "./machine-rules";

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

/** What {@link DigitalOceanSourcesProps} are made of. */
export const SOURCES = shape<DigitalOceanSourcesProps>({
  tags: list(lateText),
  dropletIds: list(lateNumber),
  loadBalancerIds: list(lateText),
  kubernetesIds: list(lateText),
});

/** The part of a firewall's rule that admits resources. */
export interface RuleSources {
  readonly sourceTags?: string[];
  readonly sourceDropletIds?: number[];
  readonly sourceLoadBalancerUids?: string[];
  readonly sourceKubernetesIds?: string[];
}

/** Resources as a firewall's rule names them; what there is none of is left out. */
export function sources(props: DigitalOceanSourcesProps = {}): RuleSources {
  const { tags, dropletIds, loadBalancerIds, kubernetesIds } = props;
  return {
    ...(tags?.length ? { sourceTags: tags } : {}),
    ...(dropletIds?.length ? { sourceDropletIds: dropletIds } : {}),
    ...(loadBalancerIds?.length ? { sourceLoadBalancerUids: loadBalancerIds } : {}),
    ...(kubernetesIds?.length ? { sourceKubernetesIds: kubernetesIds } : {}),
  };
}

/** @throws ValidationError for what can be no tag and no id, and for what is named twice */
export function requireSources(what: string, props: DigitalOceanSourcesProps = {}): void {
  const { tags = [], dropletIds = [], loadBalancerIds = [], kubernetesIds = [] } = props;
  requireTags(tags, `${what}.tags`);
  for (const id of dropletIds) requireDropletId(`${what}.dropletIds`, id);
  for (const [prop, ids] of Object.entries({ loadBalancerIds, kubernetesIds })) {
    for (const id of ids) requireId(`${what}.${prop}`, id);
    requireDistinct(`${what}.${prop}`, ids, "name each once");
  }
}

/** Throws unless this can be the id of a resource at DigitalOcean. */
export function requireId(what: string, id: string): void {
  if (isLate(id) || /^[\w.:-]{1,255}$/.test(id)) return;
  throw new ValidationError({
    what,
    given: shown(id),
    expected: "a name or an id: letters, digits, hyphens and underscores",
    mend: "copy it from where it was made, or leave it out",
  });
}

function requireDropletId(what: string, id: number): void {
  if (isLate(id) || (Number.isSafeInteger(id) && id > 0)) return;
  throw new ValidationError({
    what,
    given: shown(id),
    expected: "the id of a droplet, a whole number",
    mend: "copy it from `doctl compute droplet list`, or take it from a Droplet of this stack: Token.asNumber(droplet.id)",
  });
}
