/** Name of the etcd client whose certificate and settings all clients in a region use. */
export function clientAt(location: string): string {
  return `clients-${location}`;
}
