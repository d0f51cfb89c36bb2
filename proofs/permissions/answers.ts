import { attempt } from "terraform-lab";
import type { CertificateFiles } from "../etcd/throw-away-authority";
import { ensurePermissions } from "../programs";
import type { Identity } from "./identities";

/** What a member answered to one call, as the program prints it. */
export interface Answer {
  /** The service and the method, for example KV/Range. */
  readonly call: string;
  /** What was asked for; empty where the call has one case. */
  readonly case: string;
  /** gRPC's. */
  readonly code: string;
  /** etcd's words, empty where it did what it was asked for. */
  readonly message: string;
}

/** What a call came to, in a word. */
export enum Verdict {
  YES = "yes",
  NO = "no",
  /** The handshake failed: no call is made at all. */
  NOT_LET_IN = "-",
  /** etcd's gateway answers nobody who shows a name. */
  BAD_REQUEST = "400",
}

/** How a call is tried. */
export interface Attempt {
  readonly endpoint: string;
  readonly identity: Identity;
  /** Of an administrator, who prepares what calls need, and sees to it that nothing is left. */
  readonly administrator: CertificateFiles;
  /** By the JSON gateway. @default false */
  readonly gateway?: boolean;
}

/** Makes each call once. @throws Error if what a call needs can't be prepared, or taken back */
export async function answersTo({ endpoint, identity, administrator, gateway = false }: Attempt): Promise<Answer[]> {
  const { status, stdout, stderr } = await attempt(
    [
      ...[await ensurePermissions(), "-endpoint", endpoint, "-name", identity.name, "-cacert", administrator.ca],
      ...(identity.files === undefined ? [] : ["-cert", identity.files.cert, "-key", identity.files.key]),
      ...["-admin-cert", administrator.cert, "-admin-key", administrator.key, ...(gateway ? ["-gateway"] : [])],
    ],
    { timeoutMs: 300_000 },
  );
  if (status !== 0) throw new Error(`the calls of ${identity.title} at ${endpoint}: ${stderr}`);
  return JSON.parse(stdout) as Answer[];
}

/** etcd's words for a call that it refuses because of who makes it. */
const REFUSED = [
  "etcdserver: permission denied",
  "etcdserver: user name is empty",
  "etcdserver: user name not found",
  // Nobody has a password, so that nobody can sign in with one.
  "etcdserver: authentication failed, invalid user ID or password",
  "auth: authentication failed, password was given for no password user",
];

/** etcd's words for what it would have done, if there were anything to do. */
const POINTLESS = [
  "etcdserver: mvcc: required revision has been compacted",
  "etcdserver: Peer URLs already exists",
  "etcdserver: member not found",
  "etcdserver: can only promote a learner member",
  "etcdserver: bad leader transferee",
  "etcdserver: not leader",
  "etcdserver: invalid downgrade target version",
  "etcdserver: no inflight downgrade job",
  "etcdserver: invalid auth management",
  "etcdserver: user name already exists",
  "etcdserver: role name already exists",
  "etcdserver: role name not found",
  "etcdserver: role is not granted to the user",
];

/** @throws Error for an answer that is none of those that are known */
export function verdictOf({ call, case: what, code, message }: Answer): Verdict {
  if (code === "OK" || POINTLESS.includes(message)) return Verdict.YES;
  if (REFUSED.includes(message)) return Verdict.NO;
  // A follower repeats what the leader refuses to do until it runs out of time; whom it does not know it refuses at once.
  if (call === "Cluster/MemberPromote" && message === "etcdserver: request timed out") return Verdict.YES;
  if (code === "Unavailable" && /HTTP 400: CommonName of client/.test(message)) return Verdict.BAD_REQUEST;
  if (
    code === "Unavailable" &&
    /tls: (certificate required|bad certificate|unknown certificate authority)/.test(message)
  )
    return Verdict.NOT_LET_IN;
  throw new Error(`${call} ${what}: nobody knows what ${code} ${message} means`);
}
