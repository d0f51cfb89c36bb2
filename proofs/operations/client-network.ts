import { region } from "../../lab/clouds/digitalocean/api/catalog";
import { CLIENT_NETWORK } from "../apps/client-sites";

/** Address of the clients at a region: 198.18.200.<index of the region>. */
export function clientAddress(location: string): string {
  return CLIENT_NETWORK.replace("0/24", String(region(location).index));
}
