/**
 * First part of the names of a cluster's outputs.
 *
 * @param cluster its path in the app, or its id
 */
export function outputPrefix(cluster: string): string {
  return (cluster.split("/").at(-1) ?? "").replace(/-/g, "_");
}
