import { Fn } from "cdktf";
import type { Templates } from "../terraform/templates";
import { comment, shellWord, Written } from "../terraform/writers";
import { isLate, isLateList, lateNumber, Reader, requireInteger, shape } from "../validation";
import { EtcdClientAccess } from "./client-access";

/**
 * Time limits of a client, in milliseconds; what they are for, and how a cluster derives them from its distances, is in
 * docs/clients.md. {@link EtcdClientAccess} has them all.
 */
export interface EtcdClientTimeLimits {
  /**
   * For making a connection; 1 or more.
   * @default - the program's own
   */
  readonly dialTimeoutMs?: number;
  /**
   * Between keepalive pings; 1 or more.
   * @default - the program's own
   */
  readonly keepaliveTimeMs?: number;
  /**
   * For the answer to a keepalive ping; 1 or more.
   * @default - the program's own
   */
  readonly keepaliveTimeoutMs?: number;
  /**
   * For one attempt, after which the next endpoint is tried; 1 or more.
   * @default - the program's own
   */
  readonly attemptTimeoutMs?: number;
  /**
   * For a call with all its attempts; 1 or more.
   * @default - the program's own
   */
  readonly totalTimeoutMs?: number;
  /**
   * For a command of etcdctl, which does not repeat; 1 or more.
   * @default - etcdctl's own, 5000
   */
  readonly commandTimeoutMs?: number;
}

const TIME_LIMITS = shape<EtcdClientTimeLimits>({
  dialTimeoutMs: limit,
  keepaliveTimeMs: limit,
  keepaliveTimeoutMs: limit,
  attemptTimeoutMs: limit,
  totalTimeoutMs: limit,
  commandTimeoutMs: limit,
});

/** Takes {@link EtcdClientTimeLimits}, and whoever has them. */
export const timeLimits: Reader = (what, value) => {
  if (!(value instanceof EtcdClientAccess)) TIME_LIMITS(what, value);
};

function limit(what: string, value: unknown): void {
  lateNumber(what, value);
  if (!isLate(value)) requireInteger(what, value as number, 1, 86_400_000, "ms");
}

/** What a client's `etcd.env` is made of. */
export interface ClientEnv {
  readonly clientName: string;
  /** The directory of the client's files, absolute, as Terraform has it. */
  readonly directory: string;
  readonly endpoints: string[];
  /** In which order the endpoints are, for a comment. */
  readonly order: string;
  readonly limits: EtcdClientTimeLimits;
  /** Whether the client has its key itself, so that there is no file with it. @default false */
  readonly ownKey?: boolean;
  /** Whether it has its certificate itself, too. @default false */
  readonly ownCertificate?: boolean;
}

/** A client's time limits, by the names that outputs and templates have for them; 0 for one that is not said. */
export function settingsOf(limits: EtcdClientTimeLimits) {
  return {
    dial_timeout_ms: limits.dialTimeoutMs ?? 0,
    keepalive_time_ms: limits.keepaliveTimeMs ?? 0,
    keepalive_timeout_ms: limits.keepaliveTimeoutMs ?? 0,
    attempt_timeout_ms: limits.attemptTimeoutMs ?? 0,
    total_timeout_ms: limits.totalTimeoutMs ?? 0,
  };
}

/** What the templates of a client's scripts are given, but for the endpoints. */
export function clientVariables(env: Omit<ClientEnv, "endpoints">) {
  const { clientName, directory, order, limits, ownKey = false, ownCertificate = false } = env;
  const file = (name: string): Written => shellWord(`${directory}/${name}`);
  return {
    client: comment(clientName),
    env_file: comment(file("etcd.env")),
    ca: file("ca.crt"),
    certificate: file("client.crt"),
    key: file("client.key"),
    own_key: ownKey,
    own_certificate: ownCertificate,
    order: comment(order),
    ...settingsOf(limits),
    command_timeout_ms: limits.commandTimeoutMs ?? 0,
  };
}

/** A client's `etcd.env`. */
export function clientEnv(templates: Templates, env: ClientEnv): string {
  const { endpoints } = env;
  // Of a list that only Terraform knows, JavaScript can join nothing.
  const joined = isLateList(endpoints) ? Fn.join(",", endpoints) : endpoints.join(",");
  return templates.render("access/client.env.tftpl", { ...clientVariables(env), endpoints: shellWord(joined) });
}
