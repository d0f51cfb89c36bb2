import { cpus } from "node:os";
import { RIG_ETCD } from "../../rig/member";

/** Describes the machine and versions of a measurement. */
export interface About {
  readonly date: string;
  readonly etcd: string;
  readonly processors: string;
}

export function about(): About {
  const processors = cpus();
  return {
    date: new Date().toISOString(),
    etcd: RIG_ETCD.version,
    processors: `${processors.length} x ${processors[0]?.model ?? "unknown"}`,
  };
}

/** The limits of the measurement, for its output. */
export const STAND_INS =
  "Real: etcd, its settings, TLS, client library, fsync, round-trip times, jitter and loss. Stands in: a process in a " +
  "network namespace for each machine; a process that is killed behind a dead line for one that loses power (no boot, so " +
  "its return is quicker than a machine's); one authority for peers and clients. All share this machine's processors and disk; members, " +
  "clients and the WAN go ahead of its other work (real time where that is allowed), each member on one processor, with " +
  "etcd's log at warn.";
