import type { ClusterPlan } from "./cluster-plan";

/** What outages the cluster lives through, in one sentence. */
export function survival(plan: ClusterPlan): string {
  if (plan.survivesAnyContinent) return "Any one continent may be lost.";
  const fatal = plan.losses.filter((loss) => !loss.quorumLeft);
  const locations = fatal.filter((loss) => loss.kind === "location").map((loss) => loss.title);
  // What stops with a location stops with its continent, too.
  const continents = fatal
    .filter((loss) => loss.kind === "continent" && !loss.locations.some((at) => fatal.some((one) => one.lost === at)))
    .map((loss) => loss.title);
  const stops = `The loss of ${[...locations, ...continents].join(" or ")} stops it.`;
  return plan.survivesAnyLocation ? `Any one location may be lost. ${stops}` : stops;
}

/** How many members may fail. */
export function tolerance(members: number): string {
  return members === 0 ? "no member may fail" : `any ${members === 1 ? "one" : members} may fail`;
}
