/** Addresses of clients that are on the WAN without being on a machine: one for each region, see proofs/operations/client-network.ts. */
export const CLIENT_NETWORK = "198.18.200.0/24";

/** Name of the client of etcd whose files the clients at a region use. */
export function clientAt(location: string): string {
  return `clients-${location}`;
}
