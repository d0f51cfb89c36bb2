import type { LabDroplet } from "terraform-lab";
import type { LabCluster } from "../../proofs/lab-cluster";
import type { OpenSession } from "../../proofs/etcd/open-session";

/** etcdctl was not let do it. */
export const PERMISSION_DENIED = { ok: false, stderr: expect.stringContaining("permission denied") as string };

/** What a client has open through one member: a watch, a lease that it keeps alive with a key on it, a lock. */
export interface Sessions {
  readonly machine: LabDroplet;
  readonly watch: OpenSession;
  readonly lease: OpenSession;
  readonly lock: OpenSession;
  /** Keys of the lease and of the lock begin so, and nobody else's. */
  readonly prefix: string;
  /** Opens one more. */
  readonly open: (...args: string[]) => OpenSession;
}

/** How to open {@link Sessions}. */
export interface SessionsProps {
  readonly client: string;
  readonly machine: LabDroplet;
  /** The watch is for all keys that begin so. */
  readonly watched: string;
  /** Where keys of the lease and of the lock go. */
  readonly below: string;
  /** Of the lease and of the lock: what is not kept alive any more is gone after it. */
  readonly ttlSeconds: number;
}

/** @param atEnd notes how to undo something at the end of the file */
export async function openSessions(
  cluster: LabCluster,
  { client, machine, watched, below, ttlSeconds }: SessionsProps,
  atEnd: (undo: () => unknown) => void,
): Promise<Sessions> {
  const prefix = `${below}${client}/${machine.name}/`;
  const granted = await cluster.as(client, ["lease", "grant", String(ttlSeconds)], [machine]);
  const id = /lease (\w+) granted/.exec(granted.stdout)?.[1] ?? "";
  const put = await cluster.as(client, ["put", `${prefix}lease`, "1", `--lease=${id}`], [machine]);
  expect(put).toMatchObject({ ok: true });
  const open = (...args: string[]): OpenSession => {
    const made = cluster.open(client, args, machine);
    atEnd(() => made.end());
    return made;
  };
  return {
    machine,
    prefix,
    open,
    watch: open("watch", "--prefix", watched),
    lease: open("lease", "keep-alive", id),
    lock: open("lock", `--ttl=${ttlSeconds}`, `${prefix}lock`),
  };
}

/** Which keys of leases and locks there are, of these sessions: "lease", and "lock" with what etcdctl adds. */
export async function heldBy(cluster: LabCluster, { prefix }: Sessions): Promise<string[]> {
  const { stdout } = await cluster.as("operator", ["get", "--prefix", "--keys-only", prefix]);
  return stdout
    .split("\n")
    .filter((key) => key !== "")
    .map((key) => key.slice(prefix.length));
}
