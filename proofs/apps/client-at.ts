/** Name of the client of etcd whose files the clients at a region use. */
export function clientAt(location: string): string {
  return `clients-${location}`;
}
