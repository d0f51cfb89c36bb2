import { Fn } from "cdktf";
import { literal } from "../terraform/literal";
import { flag, isLate, lateText, list, number, requireDistinct, required, secret, shape, shown } from "../validation";
import { ValidationError } from "../validation-error";

/**
 * A running cluster, made by other means, that this one takes over: its machines join it one by one, and its old members
 * leave.
 */
export interface TakeoverOriginProps {
  /** Client URLs of the old members, https, as they advertise them: for example "https://192.0.2.7:2379". */
  readonly clientUrls: string[];
  /** Peer URLs of the old members, https, as they advertise them: for example "https://192.0.2.7:2380". */
  readonly peerUrls: string[];
  /** Certificate of the authority that signed the old members' server certificates, PEM; several are concatenated. */
  readonly clientCaPem: string;
  /** Certificate of the authority that signed the old members' peer certificates, PEM; several are concatenated. */
  readonly peerCaPem: string;
  /**
   * Whether the old members are removed at the end of the deploy. Until then they and the new ones are one cluster, and clients
   * can be moved over at leisure.
   * @default false
   */
  readonly retire?: boolean;
  /**
   * How often the cluster was founded: 1 for one that was made by other means, more if it was founded anew before.
   * @default 1
   */
  readonly founding?: number;
}

/** What {@link TakeoverOriginProps} are made of. */
export const TAKEOVER_ORIGIN = shape<TakeoverOriginProps>({
  clientUrls: required(list(lateText)),
  peerUrls: required(list(lateText)),
  // A key may have been given by mistake.
  clientCaPem: required(secret),
  peerCaPem: required(secret),
  retire: flag,
  founding: number,
});

/** {@link TakeoverOriginProps}, checked; without URLs where nothing is taken over. */
export interface Adoption {
  readonly clientUrls: readonly string[];
  readonly peerUrls: readonly string[];
  readonly retire: boolean;
  /** Adds the old cluster's authority to a certificate bundle of this cluster's, PEM. */
  readonly clientTrust: (ownPem: string) => string;
  readonly peerTrust: (ownPem: string) => string;
}

/**
 * @throws ValidationError if a URL is not https or is given twice, if there is not one client URL and one peer URL for
 * each old member, or if a PEM is not only certificates
 */
export function resolveAdoption(props?: TakeoverOriginProps): Adoption {
  if (props === undefined) {
    const own = (pem: string): string => pem;
    return { clientUrls: [], peerUrls: [], retire: false, clientTrust: own, peerTrust: own };
  }
  const clientUrls = requireUrls("origin.clientUrls", props.clientUrls);
  const peerUrls = requireUrls("origin.peerUrls", props.peerUrls);
  if (clientUrls.length !== peerUrls.length) {
    throw new ValidationError({
      what: "origin.peerUrls",
      given: `${peerUrls.length} for ${clientUrls.length} client URLs`,
      expected: "one of each for every old member",
      mend: "take both from `etcdctl member list`",
    });
  }
  requireCertificates("origin.clientCaPem", props.clientCaPem);
  requireCertificates("origin.peerCaPem", props.peerCaPem);
  const and =
    (foreign: string) =>
    (pem: string): string =>
      Fn.join("", [pem, literal(isLate(foreign) ? foreign : `${foreign.trim()}\n`)]);
  return {
    clientUrls,
    peerUrls,
    retire: props.retire ?? false,
    clientTrust: and(props.clientCaPem),
    peerTrust: and(props.peerCaPem),
  };
}

function requireUrls(what: string, urls: string[]): string[] {
  if (urls.length === 0) {
    throw new ValidationError({
      what,
      given: "none",
      expected: "the URL of every old member",
      mend: "take them from `etcdctl member list`, or leave `origin` out",
    });
  }
  for (const url of urls) requireMemberUrl(what, url);
  requireDistinct(what, urls, "name every old member once");
  return urls;
}

/** Node scripts join them with commas and spaces, and compare them with what etcd prints. */
function requireMemberUrl(what: string, url: string): void {
  if (isLate(url) || /^https:\/\/([a-z0-9.-]+|\[[0-9a-f:]+\]):\d+$/.test(url)) return;
  throw new ValidationError({
    what,
    given: shown(url),
    expected: "an https URL with its port and no path, as `etcdctl member list` prints it",
    mend: url.startsWith("http:")
      ? "turn TLS on first: a cluster without it cannot be joined by members that insist on it"
      : 'write it like "https://192.0.2.7:2379"',
  });
}

function requireCertificates(what: string, pem: string): void {
  if (isLate(pem)) return;
  const isCertificate = /-----BEGIN CERTIFICATE-----[\s\S]+-----END CERTIFICATE-----/.test(pem);
  if (isCertificate && !pem.includes("PRIVATE KEY")) return;
  throw new ValidationError({
    what,
    // The text itself is not shown: it may be a key.
    given: isCertificate ? "a private key along with a certificate" : "something else",
    expected: "certificates in PEM, and nothing else",
    mend: "give the old members' trusted-ca-file, for example by readFileSync(file, 'utf8')",
  });
}
