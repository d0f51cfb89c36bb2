import { flag, isLate, lateText, read, requireDirectory, shape, shown } from "../validation";
import { ValidationError } from "../validation-error";
import type { Tuning } from "../wan";

/** How a Kubernetes API server is to use the cluster. */
export interface KubeApiserverFlagsProps {
  /**
   * Directory on the API server's machine that holds `ca.crt`, `client.crt` and `client.key`, the files of
   * {@link EtcdCluster.addClient}; an absolute path.
   *
   * @default "/etc/kubernetes/pki/etcd"
   */
  readonly directory?: string;
  /**
   * Whether only the nearest member is named. The API server takes all the members it is given in turn, so two of three
   * requests would go through far ones; with one alone it stays near, and is down when that member is: for several API
   * servers in different places behind one address.
   *
   * @default false
   */
  readonly nearestOnly?: boolean;
}

/** What {@link KubeApiserverFlagsProps} are made of. */
const KUBE_APISERVER_FLAGS = shape<KubeApiserverFlagsProps>({ directory: lateText, nearestOnly: flag });

/** What kube-apiserver waits for etcd by default, for its health as for its readiness. */
const DEFAULT_CHECK_SECONDS = 2;
/** What kube-apiserver gives a request by default. */
const DEFAULT_REQUEST_SECONDS = 60;

/**
 * kube-apiserver's flags for the cluster, in seconds where they are times:
 *
 * - `--etcd-healthcheck-timeout`: a failover and one attempt. Liveness probes use this check, and a restart of the API
 *   server does not end an election.
 * - `--etcd-readycheck-timeout`: an attempt that a transfer of leadership dropped, and one after it. Shorter than a
 *   failover: an API server that cannot reach etcd should lose its clients to one that can.
 * - `--request-timeout`: only where a request that etcd itself times out, and its repetition, would not fit into
 *   kube-apiserver's 60 s: with an election timeout of more than about ten seconds.
 *
 * `--etcd-compaction-interval` stays at its default of 5 minutes: it is about the history kept, not about distance.
 *
 * @throws ValidationError when the directory is no absolute path
 * @internal
 */
export function kubeApiserverFlags(
  endpoints: readonly string[],
  tuning: Tuning,
  props: KubeApiserverFlagsProps = {},
): string[] {
  read("kubeApiserverFlags", props, KUBE_APISERVER_FLAGS);
  const { directory = "/etc/kubernetes/pki/etcd", nearestOnly = false } = props;
  requireAbsolute(directory);
  const healthSeconds = wholeSeconds(tuning.failoverMs + tuning.clientAttemptTimeoutMs);
  const readySeconds = wholeSeconds(2 * tuning.clientAttemptTimeoutMs);
  const requestSeconds = wholeSeconds(tuning.serverRequestTimeoutMs + tuning.clientTotalTimeoutMs);
  return [
    `--etcd-servers=${(nearestOnly ? endpoints.slice(0, 1) : endpoints).join(",")}`,
    `--etcd-cafile=${directory}/ca.crt`,
    `--etcd-certfile=${directory}/client.crt`,
    `--etcd-keyfile=${directory}/client.key`,
    `--etcd-healthcheck-timeout=${Math.max(DEFAULT_CHECK_SECONDS, healthSeconds)}s`,
    `--etcd-readycheck-timeout=${Math.max(DEFAULT_CHECK_SECONDS, readySeconds)}s`,
    ...(requestSeconds > DEFAULT_REQUEST_SECONDS ? [`--request-timeout=${requestSeconds}s`] : []),
  ];
}

function requireAbsolute(directory: string): void {
  if (isLate(directory)) return;
  requireDirectory("kubeApiserverFlags.directory", directory, "/etc/kubernetes/pki/etcd");
  if (directory.startsWith("/")) return;
  throw new ValidationError({
    what: "kubeApiserverFlags.directory",
    given: shown(directory),
    expected: "an absolute path",
    mend: "begin it with a slash: it is on the API server's machine",
  });
}

function wholeSeconds(ms: number): number {
  return Math.ceil(ms / 1000);
}
