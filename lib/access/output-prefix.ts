/**
 * First part of the names of a cluster's outputs.
 *
 * @param cluster its path in the app, or its id
 * @param given the one that was chosen, if any
 */
export function outputPrefix(cluster: string, given?: string): string {
  return (given ?? cluster.split("/").at(-1) ?? "").replace(/-/g, "_");
}
