import { ValidationError } from "../validation-error";
import { shown } from "./shown";
import { isLate } from "./tokens";

/** Which URLs are accepted, and what the error names. */
interface UrlRules {
  /** Whether plain http will do. */
  readonly allowHttp?: boolean;
  /** Prop that allows it. */
  readonly allowedBy: string;
  readonly example: string;
}

/** Throws unless `value` is an https URL, or an http one where that is allowed. */
export function requireHttpsUrl(what: string, value: string, { allowHttp, allowedBy, example }: UrlRules): void {
  if (isLate(value)) return;
  const protocol = URL.canParse(value) && !/\s/.test(value) ? new URL(value).protocol : "";
  if (protocol === "https:" || (protocol === "http:" && allowHttp === true)) return;
  throw new ValidationError({
    what,
    given: shown(value.replace(/^([a-z]+:\/\/)[^/?#]*@/i, "$1")),
    expected: `an https URL, for example "${example}"`,
    mend: `use https, or say ${allowedBy}: true for plain http in a network you trust`,
  });
}

/** A machine that reaches only some ports of the world. */
interface Outbound {
  readonly hostName: string;
  readonly outboundPorts?: number[];
}

/** Throws if a machine's firewall lets it not reach the port of a URL. */
export function requireReachablePort(what: string, value: string, hosts: readonly Outbound[]): void {
  if (isLate(value) || !URL.canParse(value)) return;
  const { port, protocol } = new URL(value);
  const wanted = port === "" ? { "http:": 80, "https:": 443 }[protocol] : Number(port);
  const behind = hosts.find(
    ({ outboundPorts }) => outboundPorts !== undefined && !outboundPorts.includes(Number(wanted)),
  );
  if (behind === undefined) return;
  throw new ValidationError({
    what,
    given: `port ${wanted}`,
    expected: `a port that the firewall of ${behind.hostName} lets it reach: ${behind.outboundPorts?.join(", ")}`,
    mend: "serve it at port 443, for example by a proxy in front of it",
  });
}
