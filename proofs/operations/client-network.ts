import { region } from "../../lab/clouds/digitalocean/api/catalog";

/** Addresses of clients that are on the WAN without being on a machine, 198.18.200.<index of the region>. */
export const CLIENT_NETWORK = "198.18.200.0/24";

/** Address of the clients at a region. */
export function clientAddress(location: string): string {
  return CLIENT_NETWORK.replace("0/24", String(region(location).index));
}

/** Name of the client of etcd whose files the clients at a region use. */
export function clientAt(location: string): string {
  return `clients-${location}`;
}
